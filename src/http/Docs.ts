import { createHash } from "node:crypto"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { type HttpApi, type HttpApiGroup, HttpApiScalar } from "effect/http-api"

/** A browsable reference at `/docs`, from the schemas that decode the requests. Nothing comes from the network. */
export const docsLayer = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
) => HttpApiScalar.layer(api, { path: "/docs", scalar }).pipe(Layer.provide(policy))

// Without what needs the network or leads away. Not all of these are in the type, but the page knows them.
const scalar = {
  withDefaultFonts: false,
  authentication: { preferredSecurityScheme: "bearer" },
  defaultOpenAllTags: true,
  hideClientButton: true,
  showDeveloperTools: "never",
  telemetry: false
}

// The page's scripts are inline, so the policy names them by their hashes: nothing else runs.
const policy = HttpRouter.middleware(
  Effect.sync(() => {
    const hashes = new WeakMap<Uint8Array, string>()
    const policyOf = (page: Uint8Array) => {
      const known = hashes.get(page) ?? contentPolicy(Buffer.from(page).toString("utf8"))
      hashes.set(page, known)
      return known
    }
    return (route: Effect.Effect<HttpServerResponse.HttpServerResponse, unknown>) =>
      Effect.map(route, (response) =>
        response.body._tag === "Uint8Array"
          ? HttpServerResponse.setHeader(response, "content-security-policy", policyOf(response.body.body))
          : response
      )
  })
).layer

const contentPolicy = (page: string): string => {
  const scripts = Array.from(
    page.matchAll(/<script>([\s\S]*?)<\/script>/g),
    ([, script]) =>
      `'sha256-${createHash("sha256")
        .update(script ?? "")
        .digest("base64")}'`
  )
  return [
    "default-src 'none'",
    `script-src ${scripts.join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join("; ")
}
