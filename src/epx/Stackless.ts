/** The limit to come back to, while there is another one. */
let usual: number | undefined

/**
 * No error that is made before the current turn is over has a stack. undici makes one for each connection that is
 * closed after its answer, as EPX wants it, and Node then writes its stack out: a twentieth of all that a sale takes.
 */
export const stackless = (): void => {
  if (usual !== undefined) return
  usual = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  queueMicrotask(restore)
}

const restore = (): void => {
  if (usual !== undefined) Error.stackTraceLimit = usual
  usual = undefined
}
