import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { EmbeddedPostgres } from "../../src/local/EmbeddedPostgres.ts"

/** A process that holds the server of a data directory until it is told to end: `node Holder.ts <directory>`. */
EmbeddedPostgres.use(({ server }) =>
  Effect.andThen(
    Effect.sync(() => process.stdout.write(`${JSON.stringify(server)}\n`)),
    Effect.never
  )
).pipe(
  Effect.provide(
    EmbeddedPostgres.layer({ dataDirectory: process.argv[2] ?? "" }).pipe(Layer.provide(NodeServices.layer))
  ),
  NodeRuntime.runMain
)
