import { Duration } from "effect"

// These bounds hold in this order, and a test says so: connect < answer < request < send < lease < reversal window.

/** A call may begin this long after its claim; queueing and attempts to connect spend it. */
export const fence = Duration.seconds(10)

/** EPX may take this long to answer a sale or an authorization. */
export const chargeLimit = Duration.seconds(30)

/** After this much time from the claim no call of it can be on the wire, so the resolver may take it over. */
export const chargeLease = Duration.seconds(45)

/** EPX may take this long to answer a capture, refund or void. */
export const followUpLimit = Duration.seconds(45)

/** The same for those: fence, limit and five seconds for the result to be stored. */
export const followUpLease = Duration.seconds(60)

/** A request for a charge is answered within this time, with what is known then. */
export const softAnswer = Duration.seconds(12)

/** A timeout reversal may take this long. */
export const reversalLimit = Duration.seconds(10)

/** A timeout reversal must begin this soon after its target may have reached EPX, which accepts it for two minutes. */
export const reversalWindow = Duration.seconds(110)

/** EPX, timeout reversal: two minutes from the original. */
export const epxReversalWindow = Duration.seconds(120)

/** On shutdown, calls that have begun are given this long to end. */
export const drain = Duration.seconds(60)

/** Voids end this long before the cut-off of a batch. */
export const voidMargin = Duration.minutes(5)

/** A payment like another one is taken for a mistake this soon after it. */
export const duplicateWindow = Duration.minutes(10)
