import { type Answer, settled } from "../Answer.ts"
import { missing } from "../Checks.ts"
import { textOf } from "../Codes.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Books, Outcome, TransactionType } from "../Outcome.ts"
import type { KnownRequest } from "../Request.ts"
import { judge } from "./Verdict.ts"

/** `undefined` = every open batch, which two zeros ask for. */
const batchOf = ({ fields }: KnownRequest): string | undefined => {
  const isAll = Number(fields.get("BATCH_ID")) === 0 && Number(fields.get("TRAN_NBR")) === 0
  return isAll ? undefined : fields.get("BATCH_ID")
}

const run = (request: KnownRequest, { settlement, generator }: Books, forced: Forced | undefined): Outcome => {
  const { terminal, profile, dueAt } = request
  const batchId = batchOf(request)
  const refusal = settlement.open(terminal, batchId).length === 0 ? "21" : undefined
  const question = { refusal, card: undefined, cents: 0, approvals: ["00"], profile }
  const { code, network, text, isDone } = judge(question, forced)
  const bric = generator.bric()
  const answer: Answer = {
    ...settled(request, network, 0, 0),
    AUTH_GUID: code === "00" ? bric : undefined,
    AUTH_RESP: code,
    AUTH_RESP_TEXT: text ?? textOf(code)
  }
  if (!isDone) return { answer }
  return {
    answer,
    commit: () => {
      settlement.close(terminal, batchId, dueAt)
      return undefined
    }
  }
}

/** CCEZ: closes a batch of the terminal before its cut-off. It leaves no record of its own. */
export const batchClose: TransactionType = {
  check: (request) => missing(request, "BATCH_ID"),
  run,
  ownsPair: false
}
