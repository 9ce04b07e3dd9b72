import { parentPort, workerData } from "node:worker_threads"
import type { Delivery, Order } from "./Pool.ts"
import { simulateSales } from "./Sales.ts"
import { simulate } from "./Scenario.ts"

parentPort?.on("message", async ({ keepsHistory, kind, payments, seed }: Order) => {
  const deliver = (delivery: Delivery) => parentPort?.postMessage(delivery)
  // Every call of a service method would take down where it was made.
  Error.stackTraceLimit = keepsHistory ? 10 : 0
  try {
    const run = kind === "sales" ? simulateSales : simulate
    deliver({ outcome: await run(seed, { database: workerData, keepsHistory, payments }) })
  } catch (error) {
    deliver({ error: error instanceof Error ? `${error.stack}` : String(error) })
  }
})
