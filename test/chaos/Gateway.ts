import { Effect, Schema } from "effect"
import { launch } from "../process/Program.ts"
import { freePorts } from "../support/Ports.ts"

const Scenario = Schema.Struct({ id: Schema.Int })
const Transactions = Schema.Struct({
  transactions: Schema.Array(Schema.Struct({ type: Schema.String, amount: Schema.Int, released: Schema.Int }))
})

/** The simulator in a process of its own. */
export const startGateway = Effect.gen(function* () {
  const [port, controlPort] = yield* freePorts(2)
  const program = yield* launch(["simulate"], { SIMULATOR_PORT: `${port}`, SIMULATOR_CONTROL_PORT: `${controlPort}` })
  yield* program.prints("EPX simulator at")
  const controlUrl = `http://127.0.0.1:${controlPort}`
  const call = (path: string, init?: RequestInit) =>
    Effect.promise(async (signal) => {
      const response = await fetch(`${controlUrl}/__sim/${path}`, { ...init, signal })
      const text = await response.text()
      if (!response.ok) throw new Error(`${path}: ${text}`)
      return text === "" ? null : JSON.parse(text)
    })
  return {
    url: `http://127.0.0.1:${port}/`,
    controlUrl,
    signal: program.signal,
    /** Makes it fail, and returns how to end that. */
    fail: (scenario: object) =>
      Effect.gen(function* () {
        const body = JSON.stringify(scenario)
        const { id } = Schema.decodeUnknownSync(Scenario)(yield* call("scenarios", { method: "POST", body }))
        return Effect.ignoreCause(call(`scenarios/${id}`, { method: "DELETE" }))
      }),
    heal: call("scenarios", { method: "DELETE" }),
    /** Sales and authorizations that were approved, and how many of them stand. */
    charges: Effect.map(call("transactions"), (body) => {
      const { transactions } = Schema.decodeUnknownSync(Transactions)(body)
      const approved = transactions.filter(({ amount, type }) => (type === "CCE1" || type === "CCE2") && amount > 0)
      return { approved: approved.length, standing: approved.filter((each) => each.amount > each.released).length }
    })
  }
})

export type Gateway = Effect.Success<typeof startGateway>
