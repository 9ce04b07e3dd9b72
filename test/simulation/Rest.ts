import type { Fleet } from "./Fleet.ts"
import type { Storage } from "./Storage.ts"
import type { World } from "./World.ts"

/** When the service does something next without being asked; null: never. What is long overdue will never happen. */
const nextDue = (isThorough: boolean) => `SELECT extract(epoch FROM min(due))::float8 * 1000 AS due FROM (
  SELECT next_attempt_at AS due FROM transactions WHERE status = 'unknown' AND coalesce(probe_of, reversal_of) IS NULL
  UNION ALL SELECT r.next_attempt_at FROM transactions r JOIN transactions t ON t.id = r.target_id
    WHERE r.status = 'scheduled' AND t.status IN ('approved', 'settled')
  UNION ALL SELECT lease_until FROM transactions WHERE status = 'submitting'
  UNION ALL SELECT updated_at FROM payments
    WHERE undo IS NOT NULL AND first_status = 'approved' AND calls = 0 AND doubts = 0
  UNION ALL SELECT t.cutoff_at + interval '2 hours' FROM ${isThorough ? "transactions t" : waitedFor}
    JOIN payments p ON p.id = t.payment_id
    WHERE t.status = 'approved' AND t.type IN ('sale', 'capture', 'refund') AND t.probe_of IS NULL
      AND NOT pending_void AND (undo IS NULL OR first_status <> 'approved')
  ${isThorough ? expiring : ""}
) AS all_of_them WHERE due > now() - interval '5 minutes'`

const waitedFor = "transactions r JOIN transactions t ON t.id = r.target_id AND r.status = 'scheduled'"

const expiring = `UNION ALL SELECT expires_at FROM payments
  WHERE first_status = 'approved' AND capturable > 0 AND calls = 0 AND doubts = 0`

/** With so many defects there will be no rest. */
const hopeless = 50

/** Something that is put off again and again never ends either. */
const mostLeaps = 1_000

/** Sweeps get this much time before whatever falls due. */
const margin_ms = 1_000

/** Longer than the longest of all waits, an authorization's. */
const patience_ms = 40 * 86_400_000

/**
 * Lets the service bring everything to an end, and leaps over the time in which it only looks for something to do.
 * `isOver`: whether nobody asks any more. `isThorough`: until all has settled or expired, too.
 */
export const rest = async (
  world: World,
  storage: Storage,
  fleet: Fleet,
  { isOver, isThorough }: { readonly isOver: () => boolean; readonly isThorough: boolean }
): Promise<boolean> => {
  const end = world.now + patience_ms
  // A sweep that has nothing left to do still takes a while; several sweeps have seen everything.
  const quiet_ms = 1_200
  let leaps = 0
  while (world.now < end && leaps < mostLeaps && fleet.problems().length < hopeless) {
    const until = world.now + quiet_ms
    // Between two sweeps, if there is such a moment.
    await world.run(() => world.now >= until && (world.now >= until + margin_ms || !world.isBusyWithin(margin_ms)))
    const busy = world.nextBusy()
    if (busy < world.now + 2 * margin_ms) continue
    const [row] = await storage.query(nextDue(isThorough))
    const due = typeof row?.due === "number" ? row.due : Number.POSITIVE_INFINITY
    const next = Math.min(busy, due)
    if (next === Number.POSITIVE_INFINITY && isOver() && fleet.size > 0) return true
    if (next <= world.now + 2 * margin_ms || next === Number.POSITIVE_INFINITY) continue
    world.leap(Math.floor(next) - margin_ms)
    leaps++
  }
  return false
}
