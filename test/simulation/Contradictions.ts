import type { TransactionStatus } from "../../src/domain/Transaction.ts"
import type { Books, TransactionRow } from "../../src/verification/Books.ts"
import type { Answer } from "./Story.ts"

interface Contradiction {
  readonly detail: string
  readonly paymentId: string | null
}

/** What a status that was told as decided may have become since. */
const ends: Readonly<Record<TransactionStatus, ReadonlyArray<TransactionStatus>>> = {
  approved: ["approved", "voided", "settled", "expired"],
  settled: ["settled"],
  declined: ["declined"],
  rejected: ["rejected"],
  reversed: ["reversed"],
  voided: ["voided"],
  expired: ["expired"],
  failed: ["failed"],
  scheduled: ["scheduled", "submitting", "unknown", "approved", "declined", "rejected", "failed", "voided", "settled"],
  submitting: [],
  unknown: []
}

const hasEffect: ReadonlySet<TransactionStatus> = new Set(["approved", "settled", "scheduled"])

interface Excuses {
  /** Keys under which a request was never answered. */
  readonly unanswered: ReadonlySet<string>
  /**
   * Keys of which a statement was carried out after its connection had been given up. Meanwhile another request may
   * have changed the payment, so that what was refused at first is then done.
   */
  readonly isLate: (key: string) => boolean
}

/** What clients were told under their keys, against what came of it. */
export const contradictions = (
  answers: ReadonlyArray<Answer>,
  { isLate, unanswered }: Excuses,
  { payments, tombstones }: Books
): { readonly found: ReadonlyArray<Contradiction>; readonly excused: number } => {
  let excused = 0
  const rows = new Map<string, TransactionRow>()
  const paymentOf = new Map<TransactionRow, string>()
  for (const { payment, transactions } of payments) {
    for (const row of transactions) {
      rows.set(row.id, row)
      paymentOf.set(row, payment.id)
    }
  }
  const byKey = Map.groupBy(rows.values(), ({ idempotency_key }) => idempotency_key)
  const buried = new Set(tombstones.map(({ idempotency_key }) => idempotency_key))
  const broken = answers.flatMap((answer): ReadonlyArray<Contradiction> => {
    if (answer.transactionId === null || answer.status === null || !answer.isDecided) return []
    const row = rows.get(answer.transactionId)
    if (row !== undefined && ends[answer.status].includes(row.status)) return []
    const paymentId = row === undefined ? null : (paymentOf.get(row) ?? null)
    return [{ detail: `${JSON.stringify(answer)}, but it is ${row?.status}`, paymentId }]
  })
  const denied = [...Map.groupBy(answers, ({ key }) => key)].flatMap(([key, told]): ReadonlyArray<Contradiction> => {
    const standing = (byKey.get(key) ?? []).filter(({ status }) => status !== "failed")
    const [first] = standing
    const paymentId = first === undefined ? null : (paymentOf.get(first) ?? null)
    if (standing.length + Number(buried.has(key)) > 1) return [{ detail: `${key} stands for several calls`, paymentId }]
    // An error says that this request did nothing; one that was never answered may have.
    const isDenied = !unanswered.has(key) && told.every(({ error }) => error !== null)
    if (!isDenied || !standing.some(({ status }) => hasEffect.has(status))) return []
    if (isLate(key)) {
      excused++
      return []
    }
    return [{ detail: `${key} was refused, and done all the same: ${JSON.stringify(told)}`, paymentId }]
  })
  return { found: [...broken, ...denied], excused }
}
