/** Zones in which the suite has to pass: on both sides of UTC, half an hour beside it, with summer time and without. */
export const zones = ["America/New_York", "America/St_Johns", "Asia/Kolkata", "Pacific/Auckland"] as const

/** The seed of a run, and the zone it runs in: that of the environment, or else the one above that goes with the seed. */
export const drawn = (args: ReadonlyArray<string>, zone: string | undefined, chance: () => number) => {
  const seed = seedIn(args) ?? chance()
  return { seed, zone: zone || zones[seed % zones.length] }
}

/** As Vitest is given one: `--sequence.seed=7` or `--sequence.seed 7`. */
const seedIn = (args: ReadonlyArray<string>): number | undefined => {
  const asked = args.join(" ").match(/(?:^| )--sequence\.seed[= ](\d+)(?: |$)/)?.[1]
  return asked === undefined ? undefined : Number(asked)
}
