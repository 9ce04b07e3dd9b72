import { Clock, type Context, Deferred, Duration, Effect, Exit, Option } from "effect"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { makeFibers } from "../running/Fibers.ts"
import { makeTimer } from "../running/Timer.ts"

interface Waiting<Input, Row> {
  readonly input: Input
  /** Milliseconds of a clock that nobody sets. */
  readonly since: number
  readonly context: Context.Context<never>
  readonly done: Deferred.Deferred<Option.Option<Row>, DatabaseUnavailable>
  /** Its patience counts no more. */
  stop: () => void
  isQueued: boolean
}

export interface BatchOptions<Input, Row> {
  /** One statement, one commit. It does nothing about an input for which it returns no row. */
  readonly run: (inputs: ReadonlyArray<Input>) => Effect.Effect<ReadonlyArray<Row>, DatabaseUnavailable>
  /** The same for an input and for the row that tells of it. */
  readonly idOf: (input: Input) => string
  readonly rowIdOf: (row: Row) => unknown
  /** Inputs of another kind need another statement. */
  readonly kindOf: (input: Input) => string
  /** Whether what Postgres has given up may be asked for once more, each input alone. */
  readonly mayRepeat: boolean
  /**
   * Where so many inputs are under way, further ones wait for them and go together: that pays where each statement is a
   * commit.
   */
  readonly few: number
  /** What no two inputs of one statement may have in common. */
  readonly claimsOf: (input: Input) => ReadonlyArray<string>
}

/**
 * Carries out together what is asked for while earlier statements are under way, which for Postgres is many times
 * cheaper than one after the other; an idle service waits for nobody. Whoever asks learns what became of its own input:
 * a statement that Postgres has given up is repeated for each of them alone.
 */
export const makeBatches = Effect.fnUntraced(function* <Input, Row>(options: BatchOptions<Input, Row>) {
  const { few, idOf, mayRepeat, rowIdOf, run } = options
  const fibers = yield* makeFibers
  const timer = yield* makeTimer
  const clock = yield* Clock.Clock
  const now_ms = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
  let queue: Array<Waiting<Input, Row>> = []
  let underWay = 0
  const young = { statements: 0, inputs: 0 }
  let isClosed = false

  const leave = (group: ReadonlyArray<Waiting<Input, Row>>): void => {
    for (const waiting of group) {
      waiting.isQueued = false
      waiting.stop()
    }
    queue = queue.filter(({ isQueued }) => isQueued)
  }

  /** Nothing was done for them. */
  const refuse = (group: ReadonlyArray<Waiting<Input, Row>>): void => {
    leave(group)
    tell(group, Exit.fail(new DatabaseUnavailable({ reason: "checkout" })))
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      refuse(queue)
    })
  )

  const carryOut = (group: ReadonlyArray<Waiting<Input, Row>>): Effect.Effect<void> =>
    Effect.flatMap(Effect.exit(Effect.suspend(() => run(group.map(({ input }) => input)))), (exit) => {
      if (Exit.isFailure(exit) && group.length > 1 && mayRepeat && isOfOne(exit)) {
        return Effect.forEach(group, (waiting) => carryOut([waiting]), { concurrency: "unbounded", discard: true })
      }
      return Effect.sync(() => {
        if (Exit.isFailure(exit)) return tell(group, Exit.failCause(exit.cause))
        const rows = new Map(exit.value.map((row) => [rowIdOf(row), row]))
        for (const { done, input } of group) {
          Deferred.doneUnsafe(done, Exit.succeed(Option.fromUndefinedOr(rows.get(idOf(input)))))
        }
      })
    })

  /** Makes room for another statement, once: when it has been under way for long, or when it ends. */
  const enter = (inputs: number): (() => void) => {
    let isYoung = true
    young.statements++
    young.inputs += inputs
    return () => {
      if (isYoung) {
        young.statements--
        young.inputs -= inputs
      }
      isYoung = false
      begin()
    }
  }

  const hasRoom = () =>
    underWay < atMost && (young.statements === 0 || (young.statements < atOnce && young.inputs < few))

  const begin = (): void => {
    while (hasRoom() && queue.length > 0) {
      const group = choose(queue, options)
      const [first] = group
      if (first === undefined) return
      leave(group)
      underWay++
      const makeRoom = enter(group.length)
      const stopAging = timer(youth_ms, makeRoom)
      // The statement belongs to the trace of whoever has waited longest.
      const carriedOut = Effect.updateContext(carryOut(group), (_: Context.Context<never>) => first.context)
      const ended = Effect.onExit(carriedOut, (exit) =>
        Effect.sync(() => {
          underWay--
          stopAging()
          makeRoom()
          // Where it was interrupted nobody knows what became of it.
          if (Exit.isFailure(exit)) tell(group, Exit.fail(new DatabaseUnavailable({ reason: "connection" })))
        })
      )
      fibers.fork(ended)
    }
  }

  const ask = (input: Input): Effect.Effect<Option.Option<Row>, DatabaseUnavailable> =>
    Effect.contextWith((context: Context.Context<never>) => {
      const done = Deferred.makeUnsafe<Option.Option<Row>, DatabaseUnavailable>()
      const waiting: Waiting<Input, Row> = { input, since: now_ms(), context, done, stop: () => {}, isQueued: true }
      queue.push(waiting)
      if (isClosed) refuse([waiting])
      else begin()
      if (!waiting.isQueued) return Deferred.await(waiting.done)
      waiting.stop = timer(patience_ms, () => refuse([waiting]))
      return Effect.onInterrupt(Deferred.await(waiting.done), () => Effect.sync(() => leave([waiting])))
    })

  /** How long the longest waiting has waited for its statement to begin; 0 when nobody waits. */
  const age_ms = (): number => {
    const [oldest] = queue
    return oldest === undefined ? 0 : now_ms() - oldest.since
  }

  return { ask, age_ms }
})

const tell = <Input, Row>(
  group: ReadonlyArray<Waiting<Input, Row>>,
  exit: Exit.Exit<Option.Option<Row>, DatabaseUnavailable>
): void => {
  for (const { done } of group) Deferred.doneUnsafe(done, exit)
}

/** The longest waiting, and those that can go with it. */
const choose = <Input, Row>(
  queue: ReadonlyArray<Waiting<Input, Row>>,
  { claimsOf, kindOf }: BatchOptions<Input, Row>
): ReadonlyArray<Waiting<Input, Row>> => {
  const group: Array<Waiting<Input, Row>> = []
  const claimed = new Set<string>()
  let kind: string | undefined
  for (const waiting of queue) {
    if (group.length === groupSize) break
    if (kind !== undefined && kind !== kindOf(waiting.input)) continue
    const claims = claimsOf(waiting.input)
    if (claims.some((claim) => claimed.has(claim))) continue
    kind ??= kindOf(waiting.input)
    for (const claim of claims) claimed.add(claim)
    group.push(waiting)
  }
  return group
}

/** Statements under way at a time. Fewer make larger groups; with one alone, a slow one would hold all others up. */
const atOnce = 2

/** Of inputs that are committed: with more than these under way, one statement of many is cheaper than two. */
export const fewCommits = 4

/** Of what is only read. */
export const fewReads = Number.POSITIVE_INFINITY

/** Those included that have been under way for so long that others no longer wait for them. */
const atMost = 16
const youth_ms = 100

const groupSize = 32

const patience_ms = Duration.toMillis("2 seconds")

/** Whether one input may have spoiled it for all. Nothing was done, or what was done is found when it is repeated. */
const isOfOne = (exit: Exit.Failure<unknown, DatabaseUnavailable>): boolean =>
  Option.match(Exit.findErrorOption(exit), {
    onNone: () => true,
    onSome: ({ reason }) => reason === "lock" || reason === "canceled"
  })
