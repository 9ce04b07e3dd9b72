import { spawn } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"

/** How a process ended, and the end of what it said. */
export interface Ending {
  readonly code: number | null
  readonly isTooLate: boolean
  readonly output: string
}

/** Node with these arguments in a directory. Its own children end with it: it leads a process group. */
export const runNode = async (
  args: ReadonlyArray<string>,
  { cwd, limit_s, signal }: { readonly cwd: string; readonly limit_s: number; readonly signal: AbortSignal }
): Promise<Ending> => {
  signal.throwIfAborted()
  const child = spawn(process.execPath, args, {
    cwd,
    env: environment(cwd),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"]
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-50_000)
    })
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", resolve)
  })
  const stopped = new AbortController()
  const limit = AbortSignal.timeout(limit_s * 1_000)
  const stop = () => void end(child.pid, stopped.signal)
  const either = AbortSignal.any([signal, limit])
  either.addEventListener("abort", stop)
  try {
    const code = await ended
    signal.throwIfAborted()
    return { code, isTooLate: limit.aborted, output }
  } finally {
    either.removeEventListener("abort", stop)
    stopped.abort()
    // Whatever it has left behind in its group.
    tell(child.pid, "SIGKILL")
  }
}

/** As by Ctrl-C, upon which Vitest and the matrix end their Postgres; then without asking. */
const end = async (pid: number | undefined, stopped: AbortSignal): Promise<void> => {
  tell(pid, "SIGINT")
  await sleep(grace_ms, undefined, { signal: stopped }).catch(() => {})
  tell(pid, "SIGKILL")
}

const grace_ms = 5_000

const tell = (pid: number | undefined, name: NodeJS.Signals): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // There is nobody left.
  }
}

/** Neither the settings of a service, nor of a Vitest that runs this one, may change what is tested. */
const environment = (cwd: string): NodeJS.ProcessEnv => ({
  PATH: `${cwd}/node_modules/.bin:${process.env.PATH}`,
  HOME: process.env.HOME,
  TMPDIR: process.env.TMPDIR,
  CI: "true",
  NO_COLOR: "1"
})
