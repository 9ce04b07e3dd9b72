import { Worker } from "node:worker_threads"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import type { Outcome } from "./Stage.ts"

/** A scenario to be run. */
export interface Order {
  readonly kind: "scenario" | "sales"
  readonly seed: string
  readonly payments: number
  readonly keepsHistory: boolean
}

export type Delivery = { readonly outcome: Outcome } | { readonly error: string }

/** Runs scenarios, one at a time in each database; they share nothing, so none can change another. */
export class Pool {
  readonly #workers: ReadonlyArray<Worker>

  constructor(databases: ReadonlyArray<LocalDatabase>) {
    this.#workers = databases.map(
      (database) =>
        new Worker(new URL("./Thread.ts", import.meta.url), {
          workerData: database,
          // Most of what a scenario makes is gone a moment later.
          resourceLimits: { maxYoungGenerationSizeMb: 128 }
        })
    )
  }

  /** Takes orders as long as there are any. */
  async run(next: () => Order | undefined, onOutcome: (outcome: Outcome, order: Order) => void): Promise<void> {
    const serve = async (worker: Worker) => {
      for (let order = next(); order !== undefined; order = next()) onOutcome(await ask(worker, order), order)
    }
    await Promise.all(this.#workers.map(serve))
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}

const ask = (worker: Worker, order: Order): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      worker.off("message", onMessage)
      worker.off("error", onError)
      settle()
    }
    const onMessage = (delivery: Delivery) =>
      end(() =>
        "outcome" in delivery ? resolve(delivery.outcome) : reject(new Error(`Seed ${order.seed}: ${delivery.error}`))
      )
    const onError = (error: unknown) => end(() => reject(error))
    worker.on("message", onMessage)
    worker.on("error", onError)
    worker.postMessage(order)
  })
