import { execFileSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { childEnvironment } from "./ChildEnvironment.ts"
import { drawn, zones } from "./Zones.ts"

const hours = ["2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z"]

/** As a clock on the wall shows them in this zone. */
const wallHours = (timeZone: string | undefined) =>
  hours.map((hour) => new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "short" }).format(new Date(hour)))

describe("TZ-VERIFY: the zone of a run", () => {
  it("is drawn by the seed, so that it can be had again", () => {
    const chance = () => 6
    assert.deepStrictEqual(drawn(["run"], undefined, chance), { seed: 6, zone: "Asia/Kolkata" })
    assert.deepStrictEqual(drawn(["run", "--sequence.seed=7", "x"], undefined, chance), { seed: 7, zone: zones[3] })
    assert.deepStrictEqual(drawn(["run", "--sequence.seed", "8"], "", chance), { seed: 8, zone: zones[0] })
    const all = Array.from({ length: 8 }, (_, seed) => drawn([`--sequence.seed=${seed}`], undefined, chance).zone)
    assert.deepStrictEqual(all, [...zones, ...zones])
  })

  it("is that of the environment where there is one", () => {
    assert.strictEqual(drawn([], "Etc/UTC", () => 1).zone, "Etc/UTC")
  })

  it("holds in this process and in those that tests start", () => {
    assert.isNotEmpty(process.env.TZ)
    assert.deepStrictEqual(wallHours(undefined), wallHours(process.env.TZ))
    const args = ["-p", `new Date("${hours[0]}").getTimezoneOffset()`]
    const told = execFileSync(process.execPath, args, { env: childEnvironment(), encoding: "utf8" })
    assert.strictEqual(Number(told), new Date(hours[0] ?? "").getTimezoneOffset())
  })
})
