import { Clock, Duration, Effect } from "effect"
import type { Database } from "./Database.ts"
import type { Statements } from "./Gate.ts"

/** From the making of an id to its commit it takes less than this, and what a replica lacks is not so old. */
const settled_ms = Duration.toMillis(Duration.minutes(1))

/**
 * Runs what lists ids, the newest first, from behind `place` (null: from the start), and tolerates lag. A page behind a
 * young place is read on the primary: the page before may have come from there, and a replica that lacks what lies next
 * to it would pass that over.
 */
export const behind = ({ lagging, pipelined }: Pick<Database["Service"], "lagging" | "pipelined">) => {
  // Without a replica there is nothing to choose.
  if (lagging === pipelined) return () => pipelined
  return (place: string | null): Statements =>
    place === null
      ? lagging
      : (run) =>
          Effect.flatMap(Clock.currentTimeMillis, (now_ms) =>
            now_ms - timeOf(place) > settled_ms ? lagging(run) : pipelined(run)
          )
}

/** RFC 9562, 5.7: the first 48 bits of a UUIDv7 are its milliseconds since 1970. */
const timeOf = (uuid: string): number => Number.parseInt(uuid.replaceAll("-", "").slice(0, 12), 16)
