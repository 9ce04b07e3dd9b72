import { DateTime } from "effect"
import { printCents } from "../Cents.ts"
import { standing, type Transaction } from "../Transaction.ts"

/** One transaction in Custom Pay's words. */
export type Row = { readonly [name: string]: string }

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

const day = (instant: number): string => {
  const parts = DateTime.toPartsUtc(DateTime.makeUnsafe(instant))
  return `${`0${parts.day}`.slice(-2)}-${months[parts.month - 1]}-${parts.year}`
}

// The samples print the members in this order.
const sorted = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).toSorted(([one], [other]) => (one < other ? -1 : 1)))

const isVoid = (transaction: Transaction): boolean => transaction.isDone && standing(transaction) === 0

const common = (transaction: Transaction): Row => {
  const [customer = "", merchant = "", dba = "", terminal = ""] = transaction.terminal.key.split("-")
  return {
    authamount: printCents(isVoid(transaction) ? transaction.amount : standing(transaction)),
    authtrandategmt: day(transaction.receivedAt),
    batchid: transaction.batchId,
    "epxid/customer": customer,
    "epxid/dba": dba,
    "epxid/merchant": merchant,
    "epxid/terminal": terminal,
    "system/trantype": transaction.type,
    transaction: transaction.tranNbr,
    void: isVoid(transaction) ? "Y" : "N"
  }
}

/** A line of a list. */
export const rowOf = (transaction: Transaction): Row => sorted({ ...common(transaction), authbric: transaction.bric })

/** What a look-up by BRIC adds. */
export const detailsOf = (transaction: Transaction): Row => {
  const { kept, settledAt } = transaction
  const userData = [...kept].filter(([field]) => field.startsWith("USER_DATA_"))
  return sorted({
    ...common(transaction),
    authorization: transaction.authCode ?? "",
    closeddate: settledAt === undefined ? "" : day(settledAt),
    invoicenumber: kept.get("INVOICE_NBR") ?? "",
    markedtosettle: settledAt === undefined ? "N" : "Y",
    ordernumber: kept.get("ORDER_NBR") ?? "",
    response: transaction.code,
    tipamount: "0.00",
    ...Object.fromEntries(userData.map(([field, value]) => [field.replace("USER_DATA_", "userdata/"), value]))
  })
}

/** The lines of a batch with their sums. */
export const batchOf = (batchId: string, rows: ReadonlyArray<Transaction>) => {
  const sumOf = (types: ReadonlyArray<string>) => {
    const counted = rows.filter((each) => types.includes(each.type) && standing(each) > 0)
    const cents = counted.reduce((sum, each) => sum + standing(each), 0)
    return { amount: printCents(cents), count: `${counted.length}` }
  }
  const [sales, refunds] = [sumOf(["CCE1", "CCE4"]), sumOf(["CCE9"])]
  const settledAt = rows.find((each) => each.settledAt !== undefined)?.settledAt
  return {
    batchid: batchId,
    closeddate: settledAt === undefined ? "" : day(settledAt),
    refundamount: refunds.amount,
    refundcount: refunds.count,
    rowCount: `${rows.length}`,
    rows: rows.map(rowOf),
    saleamount: sales.amount,
    salecount: sales.count
  }
}
