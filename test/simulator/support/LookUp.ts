import { createHmac } from "node:crypto"
import { Effect } from "effect"
import type { Simulator } from "../../../src/simulator/Simulator.ts"
import { keyText } from "./Client.ts"

type Service = Simulator["Service"]

/** What a test changes about a look-up. */
export interface LookUpOptions {
  readonly method?: string
  readonly id?: string
  readonly epiKey?: string
  /** What is signed, where it is not the path without its query string. */
  readonly signed?: string
  readonly signature?: string
}

/** EPI-Signature, written down a second time. */
export const signatureOf = (epiKey: string, message: string): string =>
  createHmac("sha256", epiKey).update(message).digest("hex")

const requestOf = (simulator: Service, path: string, options: LookUpOptions) => {
  const signed = options.signed ?? path.split("?")[0] ?? ""
  const signature = options.signature ?? signatureOf(options.epiKey ?? simulator.epiKey, signed)
  const headers = { "EPI-Id": options.id ?? keyText, "EPI-Signature": signature, "Content-Type": "application/json" }
  return { method: options.method ?? "GET", headers }
}

/** Status and text of one look-up. */
export const fetchLookUp = (simulator: Service, path: string, options: LookUpOptions = {}) =>
  Effect.promise(async () => {
    const response = await fetch(`${simulator.customPayUrl.href}${path}`, requestOf(simulator, path, options))
    return { status: response.status, text: await response.text() }
  })

/** Status and document of one look-up. */
export const lookUp = (simulator: Service, path: string, options: LookUpOptions = {}) =>
  Effect.map(fetchLookUp(simulator, path, options), ({ status, text }) => ({ status, body: JSON.parse(text) }))

/** The rows of the terminal's list. */
export const listed = (simulator: Service, path = "/sale", options: LookUpOptions = {}) =>
  Effect.map(
    lookUp(simulator, path, options),
    ({ body }): ReadonlyArray<Readonly<Record<string, string>>> => body.data.rows
  )
