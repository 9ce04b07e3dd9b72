import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { zones } from "../support/Zones.ts"

const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url))
const asked = process.argv.slice(2)
const projects = asked.some((arg) => arg.startsWith("--project")) ? [] : ["--project=unit", "--project=integration"]

/** As `npm test` with these arguments. */
const passesIn = (zone: string): boolean => {
  const env = { ...process.env, TZ: zone }
  return spawnSync(process.execPath, [vitest, "run", ...projects, ...asked], { env, stdio: "inherit" }).status === 0
}

const failed = zones.filter((zone) => !passesIn(zone))
process.stdout.write(failed.length === 0 ? `Passed in ${zones.join(", ")}.\n` : `Failed in ${failed.join(", ")}.\n`)
process.exitCode = failed.length === 0 ? 0 : 1
