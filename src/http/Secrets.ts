import type { HttpServerRequest } from "effect/http"
import { containsCardNumber } from "./CardNumber.ts"
import { urlText } from "./UrlText.ts"

const apiKey = /(?:sk|op)_(?:test|live)_/
// EPX data dictionary: AUTH_GUID. Ids of ours have small letters, and a ULID is longer.
const bric = /(?<![0-9A-Za-z])[0-9A-Z]{19,20}(?![0-9A-Za-z])/

/** Whether the text may hold a card number, an API key or a BRIC. */
export const mayHoldSecret = (text: string): boolean => apiKey.test(text) || bric.test(text) || containsCardNumber(text)

/** Whether a request must stay out of traces, which show its URL and user agent. */
export const isUntraceable = ({ headers, url }: HttpServerRequest.HttpServerRequest): boolean =>
  mayHoldSecret(urlText(`${url} ${headers["user-agent"] ?? ""}`))
