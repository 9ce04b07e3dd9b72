import { totalmem } from "node:os"
import { Effect, Option } from "effect"
import { descriptorLimit } from "../../telemetry/Resources.ts"
import { type Finding, failed, ok, warning } from "./Finding.ts"

/** This process stands for the service, so that it should be started where and as that is. */
export const checkMachine: Effect.Effect<ReadonlyArray<Finding>> = Effect.sync(() => [
  judgeNode(process.versions.node),
  judgeDescriptors(descriptorLimit()),
  // Without a limit the system says nothing, or more than there is.
  judgeMemory(Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem()), process.availableMemory())
])

/** What the tests run on. */
const testedMajor = 24

export const judgeNode = (version: string): Finding => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const found = `Node ${version}`
  if (major < 22 || (major === 22 && minor < 19)) {
    return failed("node", `${found} is too old.`, `Install Node ${testedMajor}.`)
  }
  return major === testedMajor
    ? ok("node", `${found}.`)
    : warning("node", `${found} is not the one that is tested.`, `Install Node ${testedMajor}.`)
}

/** With 512 charges on their way and as many waiting, each with its client: at both sides of EPX, and then some. */
const enoughDescriptors = 4_096
const fewDescriptors = 1_024

export const judgeDescriptors = (limit: Option.Option<number>): Finding => {
  if (Option.isNone(limit)) return ok("descriptors", "This system does not say how many may be open.")
  const found = `${limit.value === Number.POSITIVE_INFINITY ? "Any number" : limit.value} may be open at once`
  if (limit.value >= enoughDescriptors) return ok("descriptors", `${found}.`)
  const judged = limit.value < fewDescriptors ? failed : warning
  return judged(
    "descriptors",
    `${found}, fewer than the connections of a full load.`,
    `Raise it to 65536 where the service is started (ulimit -n, LimitNOFILE), and to ${enoughDescriptors} at least.`
  )
}

const mebibyte = 2 ** 20

/** Under load the service holds some 310 MB, and its heap may grow to a gigabyte before it gives up. */
const enoughMemory = 1_536 * mebibyte
const fewMemory = 384 * mebibyte

export const judgeMemory = (limit: number, available: number): Finding => {
  const size = (bytes: number) => `${Math.floor(bytes / mebibyte)} MB`
  const found = `${size(available)} of ${size(limit)} are free`
  if (limit < fewMemory) {
    return failed("memory", `${found}, less than the service holds under load.`, `Give it ${size(enoughMemory)}.`)
  }
  if (limit < enoughMemory) {
    return warning(
      "memory",
      `${found}: the system may end the service before its heap is full.`,
      `Give it ${size(enoughMemory)}, or start it with a smaller --max-old-space-size.`
    )
  }
  return available < fewMemory
    ? warning("memory", `${found}, less than the service holds under load.`, "End what takes the rest.")
    : ok("memory", `${found}.`)
}
