import { parentPort, workerData } from "node:worker_threads"
import type { Delivery, Order } from "./Pool.ts"
import { simulate } from "./Scenario.ts"

parentPort?.on("message", async ({ keepsHistory, payments, seed }: Order) => {
  const deliver = (delivery: Delivery) => parentPort?.postMessage(delivery)
  try {
    deliver({ outcome: await simulate(seed, { database: workerData, keepsHistory, payments }) })
  } catch (error) {
    deliver({ error: error instanceof Error ? `${error.stack}` : String(error) })
  }
})
