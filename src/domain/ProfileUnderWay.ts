import { Schema } from "effect"

/** Two at a time would measure each other. */
export class ProfileUnderWay extends Schema.TaggedError<ProfileUnderWay>()(
  "ProfileUnderWay",
  {},
  { httpApiStatus: 409 }
) {
  override get message() {
    return "Another profile is being taken of this process. Wait until it has ended: ten seconds at most."
  }
}
