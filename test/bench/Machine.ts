import { readdirSync, readFileSync } from "node:fs"
import { cpus, loadavg, totalmem } from "node:os"

/** Linux counts processor time for user space in hundredths of a second on every architecture Node runs on. */
const tick = 10

/** Milliseconds of processor time since the process began; undefined where there is no /proc or no such process. */
export const cpuOf = (pid: number): number | undefined => {
  const fields = statOf(pid)
  return fields && (Number(fields[11]) + Number(fields[12])) * tick
}

/** As `cpuOf`, for a process with all its children, those that have ended included. */
export const cpuOfFamily = (pid: number): number | undefined => {
  const fields = statOf(pid)
  if (fields === undefined) return undefined
  const ended = (Number(fields[13]) + Number(fields[14])) * tick
  const living = pids().filter((child) => parentOf(child) === pid)
  return living.reduce((sum, child) => sum + (cpuOf(child) ?? 0), (cpuOf(pid) ?? 0) + ended)
}

export const parentOf = (pid: number): number | undefined => {
  const parent = Number(statOf(pid)?.[1])
  return Number.isNaN(parent) ? undefined : parent
}

/** Resident memory in megabytes. */
export const residentOf = (pid: number): number | undefined => {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024
}

/** Milliseconds since start-up, of all cores together. `stolen` went to other machines on the same host. */
export interface MachineTime {
  readonly all: number
  readonly busy: number
  readonly stolen: number
}

export const machineTime = (): MachineTime | undefined => {
  const line = /^cpu +(.+)$/m.exec(read("/proc/stat"))?.[1]
  if (line === undefined) return undefined
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(" ")
    .map(Number)
  const busy = user + nice + system + irq + softirq
  return { all: (busy + idle + iowait + steal) * tick, busy: busy * tick, stolen: steal * tick }
}

export const describeMachine = () => ({
  cores: cpus().length,
  model: cpus()[0]?.model ?? "unknown",
  memory_gib: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  load_average: loadavg().map((load) => Math.round(load * 100) / 100)
})

/** The fields of /proc/<pid>/stat after the name, which may hold spaces: state, parent, … (proc(5), from field 3). */
const statOf = (pid: number): ReadonlyArray<string> | undefined => {
  const stat = read(`/proc/${pid}/stat`)
  return stat === "" ? undefined : stat.slice(stat.lastIndexOf(")") + 2).split(" ")
}

const pids = (): ReadonlyArray<number> => {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** Empty where there is no such file: the process may just have ended, or this is not Linux. */
const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
