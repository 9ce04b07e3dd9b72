import { Effect, Schema } from "effect"
import { Environment } from "../domain/Terminal.ts"

/** Plain HTTP would show the four-part key to the network, so it needs `allowPlain`. */
export class PlainUrl extends Schema.TaggedError<PlainUrl>()("PlainUrl", { environment: Environment }) {
  override get message() {
    return `The EPX URL for ${this.environment} must begin with https:`
  }
}

/** Where each environment is; one without a URL cannot be called. */
export interface Places {
  readonly urls: { readonly [environment in Environment]?: URL | undefined }
  /** Accepts `http:` URLs, for the simulator. */
  readonly allowPlain?: boolean | undefined
}

/** Makes something of each URL that there is. */
export const forEachUrl = Effect.fnUntraced(function* <A, E, R>(
  { allowPlain, urls }: Places,
  make: (environment: Environment, url: URL) => Effect.Effect<A, E, R>
): Effect.fn.Return<{ readonly [environment in Environment]: A | undefined }, E | PlainUrl, R> {
  const one = Effect.fnUntraced(function* (environment: Environment): Effect.fn.Return<A | undefined, E | PlainUrl, R> {
    const url = urls[environment]
    if (url === undefined) return undefined
    if (url.protocol !== "https:" && allowPlain !== true) return yield* new PlainUrl({ environment })
    return yield* make(environment, url)
  })
  return { test: yield* one("test"), live: yield* one("live") }
})
