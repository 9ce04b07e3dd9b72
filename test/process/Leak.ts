import { subscribe } from "node:diagnostics_channel"

/** What is never given up. */
const kept: Array<ReadonlyArray<number>> = []

/** Preloaded by `--import` into the service: each request that comes costs it a megabyte for good. */
subscribe("http.server.request.start", () => {
  kept.push(new Array<number>(2 ** 17).fill(0.5))
})
