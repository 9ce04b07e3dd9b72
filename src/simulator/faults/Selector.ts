import { findAnswerFault } from "./AnswerFaults.ts"
import { findDecisionFault } from "./DecisionFaults.ts"
import type { Fault } from "./Fault.ts"
import { findLookUpFault } from "./LookUpFaults.ts"
import { findWireFault } from "./WireFaults.ts"

const findPlain = (name: string): Fault | undefined =>
  findDecisionFault(name) ?? findAnswerFault(name) ?? findWireFault(name) ?? findLookUpFault(name)

const lostReversal = "CCE7_"

/** `CCE7_<name>`: the answer is lost, and so the first reversal comes, which then meets `<name>`. */
const findLostReversal = (name: string): Fault | undefined => {
  const inner = name.slice(lostReversal.length)
  const reversal = findPlain(inner === "TIMEOUT" ? "TIMEOUT_AFTER" : inner)
  return reversal === undefined
    ? undefined
    : { name, commit: "now", isReadable: false, wire: { kind: "silence" }, reversal }
}

/** The fault a selector names: the `effect` of a scenario, or what follows `SIM_` in USER_DATA_10. */
export const findFault = (name: string): Fault | undefined =>
  name.startsWith(lostReversal) ? findLostReversal(name) : findPlain(name)
