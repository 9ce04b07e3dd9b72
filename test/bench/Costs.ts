import { cpuOf, cpuOfFamily, machineTime } from "./Machine.ts"

export const roles = ["contender", "postgres", "simulator", "load"] as const
export type Role = (typeof roles)[number]

/** Process ids; none where the system does not tell. */
export type Pids = Readonly<Record<Role, ReadonlyArray<number>>>

/** Milliseconds of processor time; undefined where the system does not tell. */
export type CpuTimes = Readonly<Record<Role, number | undefined>>

/** Shares of the processor time of all cores. */
export interface MachineShares {
  readonly idle: number
  /** Neither ours nor idle: other processes, and the kernel where it works for nobody in particular. */
  readonly foreign: number
  /** Taken by other machines on the same host. */
  readonly stolen: number
}

export interface Costs {
  readonly cpu: CpuTimes
  readonly machine: MachineShares | undefined
}

/** Begins to measure; the function it returns says what has been spent since. */
export const startCosts = (pids: Pids): (() => Costs) => {
  const before = cpuTimes(pids)
  const machineBefore = machineTime()
  const self = process.cpuUsage()
  return () => {
    const machine = machineTime()
    const spent = cpuTimes(pids)
    const cpu = mapRoles((role) => difference(spent[role], before[role]))
    if (machine === undefined || machineBefore === undefined) return { cpu, machine: undefined }
    const { user, system } = process.cpuUsage(self)
    const ours = roles.reduce((sum, role) => sum + (cpu[role] ?? 0), (user + system) / 1_000)
    const all = machine.all - machineBefore.all
    const busy = machine.busy - machineBefore.busy
    const stolen = machine.stolen - machineBefore.stolen
    return {
      cpu,
      machine: {
        idle: (all - busy - stolen) / all,
        // Both sides are counted in ticks, so that the difference may fall a little below nothing.
        foreign: Math.max(0, busy - ours) / all,
        stolen: stolen / all
      }
    }
  }
}

export const mapRoles = (value: (role: Role) => number | undefined): CpuTimes => ({
  contender: value("contender"),
  postgres: value("postgres"),
  simulator: value("simulator"),
  load: value("load")
})

const cpuTimes = (pids: Pids): CpuTimes =>
  mapRoles((role) => {
    const times = pids[role].map(role === "postgres" ? cpuOfFamily : cpuOf)
    return times.length === 0 ? undefined : sum(times)
  })

/** Undefined when one of them is. */
export const sum = (values: ReadonlyArray<number | undefined>): number | undefined =>
  values.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0)

const difference = (after: number | undefined, before: number | undefined): number | undefined =>
  after === undefined || before === undefined ? undefined : after - before
