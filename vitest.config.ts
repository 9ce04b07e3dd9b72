import { randomInt } from "node:crypto"
import { defineConfig } from "vitest/config"
import { drawn } from "./test/support/Zones.ts"

const { seed, zone } = drawn(process.argv, process.env.TZ, () => randomInt(1_000_000))
process.env.TZ = zone
// Others read this file too.
if (process.env.VITEST !== undefined) process.stderr.write(`Zone ${zone}, seed ${seed}\n`)

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    sequence: { shuffle: true, seed },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["**/*.integration.test.ts", "**/*.slow.test.ts"],
          // What they have in common, Effect above all, takes longer to load than most of them take.
          isolate: false,
          testTimeout: 5_000
        }
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/**/*.integration.test.ts"],
          globalSetup: "test/support/GlobalSetup.ts",
          testTimeout: 20_000,
          hookTimeout: 20_000
        }
      },
      {
        extends: true,
        test: {
          name: "slow",
          include: ["test/**/*.slow.test.ts"],
          globalSetup: "test/support/GlobalSetup.ts",
          testTimeout: 300_000,
          hookTimeout: 60_000
        }
      }
    ]
  }
})
