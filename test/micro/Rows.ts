import { paymentRow } from "./UsualSale.ts"

type Params = ReadonlyArray<unknown>
type Rows = ReadonlyArray<object>

const merchantId = "01a2042c-fd7c-7000-8000-000000000001"
const keyId = "01a2042c-fd7c-7000-8000-000000000002"

/** The values of one column of a statement for several inputs. */
const elements = (column: unknown): ReadonlyArray<string> => JSON.parse(`[${String(column).slice(1, -1)}]`)

const claimed = (id: string) => ({
  id,
  batch_id: "20261122",
  tran_nbr: 1001,
  cust_nbr: "7000",
  merch_nbr: "700010",
  dba_nbr: "1",
  terminal_nbr: "1",
  partial_approvals: false,
  reject_on_avs: false,
  reject_on_cvv: false
})

const keyHolder = {
  id: keyId,
  environment: "test",
  merchant_id: merchantId,
  scopes: ["payments:read", "payments:write", "payments:bric"],
  expires_at: null
}

const nothingUnknown = { count: 0, oldest_age_s: 0, exceptions: 0, exception_age_s: 0 }

/** By what a statement says; the numbers that it names are those of the parameters which the rows depend on. */
const answers: ReadonlyArray<readonly [pattern: RegExp, rows: (...params: Params) => Rows]> = [
  [/INSERT INTO duplicate_guards .* asked ON asked\.c(\d+)::uuid = t\.id$/, (ids) => elements(ids).map(claimed)],
  [/JOIN locked ON locked\.id = asked\.c(\d+)::uuid/, (ids) => elements(ids).map(paymentRow)],
  [
    /SELECT asked\.c(\d+) AS asked_for, .* ON p\.id = asked\.c(\d+)::uuid/,
    (names, ids) => elements(ids).map((id, n) => ({ asked_for: elements(names)[n], version: 2, ...paymentRow(id) }))
  ],
  [/FROM api_keys\s+WHERE hash = \$\d+/, () => [keyHolder]],
  [/SELECT lease_places/, () => [{ places: 1e9 }]],
  [/INSERT INTO rate_limits/, () => [{ granted: 1e9, left: 1e9, rate: 1e9 }]],
  [/ AS oldest_age_s/, () => [nothingUnknown]]
]

const known = new Map<string, (params: Params) => Rows>()

const answerTo = (text: string): ((params: Params) => Rows) => {
  for (const [pattern, rows] of answers) {
    const found = pattern.exec(text)
    if (found !== null) return (params) => rows(...found.slice(1).map((number) => params[Number(number) - 1]))
  }
  // Sweeps find nothing to do.
  return () => []
}

/** What Postgres would return, if every sale went well. */
export const rowsOf = (text: string, params: Params): Rows => {
  const answer = known.get(text) ?? answerTo(text)
  known.set(text, answer)
  return answer(params)
}
