import { Duration } from "effect"

/** No request is kept open longer; a charge is answered before that with what is known of it. */
export const requestDeadline = Duration.seconds(15)
