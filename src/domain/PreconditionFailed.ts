import { Schema } from "effect"

/** Somebody else was faster, and nothing has been changed. */
export class PreconditionFailed extends Schema.TaggedError<PreconditionFailed>()(
  "PreconditionFailed",
  {},
  { httpApiStatus: 412 }
) {
  override get message() {
    return "It has been changed since the `ETag` that `If-Match` names. Read it again, and decide anew."
  }
}
