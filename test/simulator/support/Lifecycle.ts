import { Effect } from "effect"
import type { Simulator } from "../../../src/simulator/Simulator.ts"
import { ask, type Form, key, sale } from "./Client.ts"

type Service = Simulator["Service"]

/** An authorization of 50.00 by the published Visa BRIC. */
export const authorization: Form = { ...sale, TRAN_TYPE: "CCE2", AMOUNT: "50.00" }

/** A request by the BRIC of an earlier answer. */
export const byBric = (type: string, bric: string | undefined, tranNbr: string, amount?: string): Form => ({
  ...key,
  TRAN_TYPE: type,
  BATCH_ID: "20260314",
  TRAN_NBR: tranNbr,
  ORIG_AUTH_GUID: bric ?? "",
  CARD_ENT_METH: "Z",
  INDUSTRY_TYPE: "E",
  ...(amount === undefined ? {} : { AMOUNT: amount })
})

/** AUTH_RESP alone. */
export const codeOf = (simulator: Service, form: Form) => Effect.map(ask(simulator, form), ({ AUTH_RESP }) => AUTH_RESP)

/** The BRIC of what must be approved. */
export const bricOf = (simulator: Service, form: Form) =>
  Effect.flatMap(ask(simulator, form), ({ AUTH_RESP, AUTH_GUID }) =>
    AUTH_RESP === "00" && AUTH_GUID !== undefined
      ? Effect.succeed(AUTH_GUID)
      : Effect.die(new Error(`${form.TRAN_TYPE} ${form.TRAN_NBR} was answered ${AUTH_RESP}`))
  )

/** What is held, captured and refunded, in cents. */
export const money = (simulator: Service) =>
  Effect.map(simulator.ledger(), ([ledger]) => [ledger?.held, ledger?.captured, ledger?.refunded])

/** Each transaction's type and state. */
export const states = (simulator: Service) =>
  Effect.map(simulator.transactions(), (all) => all.map(({ type, state }) => `${type} ${state}`))
