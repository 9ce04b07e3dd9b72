import { Duration } from "effect"

/** How old an answer may be of a route that declares that it tolerates lag. */
export const mostLag = Duration.seconds(5)
