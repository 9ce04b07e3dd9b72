import { Option, Result, Schema } from "effect"
import { answerText } from "./AnswerText.ts"
import { Decimal } from "./Decimal.ts"
import { type LookUpQuery, type LookUpRow, type Unanswered, unanswered } from "./LookUp.ts"

const matching = (pattern: RegExp) => Schema.String.check(Schema.isPattern(pattern))

// Without leading zeros, since a pair is compared as text: one that EPX pads would be taken for another.
const wholeNumber = matching(/^(0|[1-9]\d{0,15})$/)

const Pair = Schema.Struct({ batchid: wholeNumber, transaction: wholeNumber })

/** What a row of the list and a single transaction have in common, as far as we read it. */
const Transaction = Schema.Struct({
  ...Pair.fields,
  "epxid/customer": Schema.String,
  "epxid/merchant": Schema.String,
  "epxid/dba": Schema.String,
  "epxid/terminal": Schema.String,
  "system/trantype": matching(/^[0-9A-Z]{4}$/),
  authamount: Decimal,
  void: Schema.Literals(["Y", "N"]),
  response: Schema.optionalKey(matching(/^[0-9A-Z]{0,3}$/))
})

/** Its BRIC becomes a part of a URL. */
const Row = Schema.Struct({
  ...Transaction.fields,
  authbric: Schema.RedactedFromValue(matching(/^[0-9A-Z]{1,20}$/))
})
export type Row = typeof Row.Type

const answer = <S extends Schema.Constraint>(data: S) =>
  Schema.fromJsonString(Schema.Struct({ data, errors: Schema.optionalKey(Schema.Null) }))

// A list may be long and one row of it is of interest: of the others only the pair is read.
const decodeList = Schema.decodeResult(
  answer(Schema.Struct({ rowCount: wholeNumber, rows: Schema.Array(Schema.Unknown) }))
)
const isPair = Schema.is(Pair)
const decodeRow = Schema.decodeUnknownResult(Row)
const decodeDetail = Schema.decodeResult(answer(Transaction))

// What is wrong in detail is left out: it would be told with the values, and BRICs are among them.
const unreadable = (what: string) => () => unanswered("unreadable", what)

const contradictory = (detail: string) => Result.fail(unanswered("contradictory", detail))

/** The row of the pair in an answer to `GET /sale`; none when the whole list is there without it. */
export const rowOf = (body: Uint8Array, query: LookUpQuery): Result.Result<Option.Option<Row>, Unanswered> =>
  Result.gen(function* () {
    const { data } = yield* Result.mapError(decodeList(answerText(body)), unreadable("not a list of transactions"))
    if (data.rowCount !== String(data.rows.length)) {
      return yield* contradictory(`${data.rows.length} rows and a rowCount of ${data.rowCount}`)
    }
    const rows = data.rows.filter(isPair)
    if (rows.length < data.rows.length) return yield* Result.fail(unreadable("a row without a pair")())
    const [row, ...others] = rows.filter((one) => isOf(one, query))
    if (row === undefined) return Option.none()
    if (others.length > 0) return yield* contradictory(`${1 + others.length} rows with this pair`)
    const read = yield* Result.mapError(decodeRow(row), unreadable("not a row of a transaction"))
    return hasKey(read, query) ? Option.some(read) : yield* contradictory("a row of another terminal")
  })

/** The row with what an answer to a single read adds. */
export const detailedRow = (body: Uint8Array, row: Row, query: LookUpQuery): Result.Result<LookUpRow, Unanswered> =>
  Result.gen(function* () {
    const { data } = yield* Result.mapError(decodeDetail(answerText(body)), unreadable("not a transaction"))
    const isSame =
      isOf(data, query) &&
      hasKey(data, query) &&
      data.authamount === row.authamount &&
      data["system/trantype"] === row["system/trantype"]
    return isSame ? shown({ ...row, ...data }) : yield* contradictory("a transaction that differs from its row")
  })

/** What the row says without a further question. */
export const shown = ({ authamount, authbric, response = "", void: isVoid, ...row }: Row): LookUpRow => ({
  tranType: row["system/trantype"],
  amount: authamount,
  bric: authbric,
  response: response === "" ? null : response,
  isVoid: isVoid === "Y"
})

const isOf = ({ batchid, transaction }: typeof Pair.Type, { pair }: LookUpQuery): boolean =>
  batchid === pair.batch_id && transaction === String(pair.tran_nbr)

const hasKey = (row: typeof Transaction.Type, { key }: LookUpQuery): boolean =>
  row["epxid/customer"] === key.cust_nbr &&
  row["epxid/merchant"] === key.merch_nbr &&
  row["epxid/dba"] === key.dba_nbr &&
  row["epxid/terminal"] === key.terminal_nbr
