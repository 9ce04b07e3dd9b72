import { fileURLToPath } from "node:url"

/** What a process of the benchmark says to the one that started it. */
export type ChildMessage =
  | { readonly kind: "ready"; readonly value: unknown }
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "probed"; readonly value: unknown }
  | { readonly kind: "failed"; readonly message: string }

/** Runs `work` if this module was started as a process, rather than imported. The process ends with its starter. */
export const asProcess = (url: string, work: () => void | Promise<void>): void => {
  if (process.send === undefined || process.argv[1] !== fileURLToPath(url)) return
  process.on("disconnect", () => process.exit())
  process.on("SIGTERM", () => process.exit())
  // Ctrl-C reaches the whole group; the starter decides who stops when.
  process.on("SIGINT", () => {})
  void work()
}

/** Tells the starter what it waits for. */
export const announce = (value: unknown): void => say({ kind: "ready", value })

/** As a process: does one job after the other. */
export const serveJobs = <Job>(url: string, work: (job: Job) => Promise<unknown>): void =>
  asProcess(url, () => {
    process.on("message", (job: Job) => {
      work(job).then(
        (value) => say({ kind: "done", value }),
        (error: unknown) => say({ kind: "failed", message: String(error instanceof Error ? error.stack : error) })
      )
    })
    announce(null)
  })

const say = (message: ChildMessage): void => {
  if (process.connected) process.send?.(message)
}
