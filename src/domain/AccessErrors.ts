import { Schema } from "effect"
import { Scope } from "./Scope.ts"

/** No key, or one that is unknown, revoked, expired or of another kind: which of these is not said. */
export class InvalidApiKey extends Schema.TaggedError<InvalidApiKey>()("InvalidApiKey", {}, { httpApiStatus: 401 }) {
  override get message() {
    return "Send a valid API key: `Authorization: Bearer sk_test_…`."
  }
}

export class ScopeMissing extends Schema.TaggedError<ScopeMissing>()(
  "ScopeMissing",
  { scope: Scope },
  { httpApiStatus: 403 }
) {
  override get message() {
    return `This API key lacks the scope ${this.scope}.`
  }
}

export class MerchantSuspended extends Schema.TaggedError<MerchantSuspended>()(
  "MerchantSuspended",
  {},
  { httpApiStatus: 403 }
) {
  override get message() {
    return "This merchant is suspended. Its payments can be read, but nothing can be charged."
  }
}
