import { comments, type Exception, nodes, type Rule } from "./TidyRule.ts"
import { isNode, memberOf, type Node, nameOf, type Source } from "./TidySource.ts"

const entryPoints: Exception = { files: /^src\/(main|cli)\.ts$/, because: "the edge of the program" }

/** What `src/` may not contain. */
export const codeRules: ReadonlyArray<Rule> = [
  {
    name: "no reading of the clock",
    instead: "use Clock or DateTime",
    find: nodes(
      ({ node }) =>
        clocks.has(memberOf(node)) ||
        ((node.type === "NewExpression" || node.type === "CallExpression") && nameOf(node.callee) === "Date")
    ),
    wrong: ["Date.now()", "new Date()", "new Date(0)", "Date()", "performance.now()", "process.hrtime()"],
    right: ["const f = (at: Date) => at.getTime()", 'const s = "Date.now()"', "// new Date()\nx", "DateTime.now"]
  },
  {
    name: "no reading of the environment",
    instead: "use Config, in src/Settings.ts",
    find: (source) => [
      ...nodes(
        ({ node }) =>
          memberOf(node) === "process.env" ||
          (node.type === "VariableDeclarator" && nameOf(node.init) === "process" && isPattern(node.id))
      )(source),
      ...imported(source, /^(node:)?process$/, (name) => name === "env")
    ],
    wrong: [
      "process.env.PORT",
      'process["env"]',
      "const { env } = process",
      'import { env } from "node:process"',
      'import { env as e } from "process"'
    ],
    right: ["process.pid", "const s = `process.env`", 'import { pid } from "node:process"']
  },
  {
    name: "no Math.random",
    instead: "use Random",
    find: nodes(({ node }) => memberOf(node) === "Math.random"),
    wrong: ["Math.random()"],
    right: ["Math.floor(x)", "Random.next", "/Math.random/"]
  },
  {
    name: "no async, await or promises of our own",
    instead: "use Effect",
    find: nodes(
      ({ node }) =>
        node.async === true ||
        node.await === true ||
        node.type === "AwaitExpression" ||
        memberOf(node).startsWith("Promise.") ||
        (node.type === "NewExpression" && nameOf(node.callee) === "Promise")
    ),
    wrong: [
      "const f = async () => {}",
      "class A { async m() {} }",
      "await x",
      "for await (const x of y) {}",
      "new Promise(() => {})",
      "Promise.all([])"
    ],
    right: ["const f = () => Effect.void", "Effect.tryPromise(() => p.then(g))", "const awaited = a.await", "// await"]
  },
  {
    name: "no try",
    instead: "use Effect.try, Effect.catch or Effect.ensuring",
    find: nodes(({ node }) => node.type === "TryStatement"),
    wrong: ["try { f() } catch {}", "try { f() } finally { g() }"],
    right: ["Effect.try({ try: f, catch: g })", '"try { }"']
  },
  {
    name: "no any",
    instead: "use a schema, a type parameter or unknown",
    find: nodes(({ node }) => node.type === "TSAnyKeyword"),
    wrong: ["let x: any", "const f = (x: Array<any>) => x", "type A = any", "const x = <A = any>() => 1"],
    right: ["let x: unknown", "const any = 1", "Effect.any", "// any"]
  },
  {
    name: "no cast",
    instead: "decode or narrow; at a foreign boundary write `// cast: reason` beside it or above its statement",
    find: (source) =>
      source.places
        .filter(({ node }) => (node.type === "TSAsExpression" && !isConst(node)) || node.type === "TSTypeAssertion")
        .filter(({ node, around }) => {
          const statement = around.find(({ type }) => /Statement$|Declaration$|^PropertyDefinition$/.test(type)) ?? node
          const lines = [source.lineOf(asOffset(node)), source.lineOf(node.start), source.lineOf(statement.start)]
          return !source.comments.some((comment) => isReason(comment.text) && lines.some(beside(comment, source)))
        })
        .map(({ node }) => node.start),
    wrong: [
      "const x = y as Z",
      "const x = <Z>y",
      "// cast:\nconst x = y as Z",
      "// cast: reason\n\nconst x = y as Z",
      "// cast: another statement\nconst f = () => {\n  g()\n  return y as Z\n}"
    ],
    right: [
      "const x = [1] as const",
      'import { a as b } from "./a.ts"',
      "export { a as b }",
      "const x = y satisfies Z",
      "// cast: the library types this as unknown\nconst x = y as Z",
      "// cast: the library types this as unknown,\n// and its values are checked above\nconst x = y as Z",
      "const x = y as Z // cast: the library types this as unknown",
      "// cast: the library types this as unknown\nconst x = f({\n  y: y as Z\n})",
      "f({\n  // cast: the library types this as unknown\n  y: y as Z\n})",
      "sql`SELECT a as b`"
    ]
  },
  {
    name: "no non-null assertion",
    instead: "use Option, a default or a failure",
    find: nodes(({ node }) => node.type === "TSNonNullExpression" || node.definite === true),
    wrong: ["x!.y", "f(x!)", "let x!: string", "class A { x!: string }"],
    right: ["!x", "x != y", "!!x", '"x!"']
  },
  {
    name: "no console",
    instead: "use Effect.log, or Console in commands",
    find: nodes(({ node }) => memberOf(node).startsWith("console.") || memberOf(node) === "globalThis.console"),
    wrong: ['console.log("x")', 'console["error"](x)', "globalThis.console"],
    right: ["Console.log(x)", "this.console.log(x)", "// console.log"]
  },
  {
    name: "no timers",
    instead: "use Effect.sleep and a named Schedule",
    find: (source) => [
      ...nodes(({ node }) => timers.test(called(node)))(source),
      ...imported(source, /^(node:)?timers(\/promises)?$/, () => true)
    ],
    wrong: [
      "setTimeout(f, 1)",
      "setInterval(f, 1)",
      "globalThis.setTimeout(f, 1)",
      'import { setTimeout } from "node:timers/promises"'
    ],
    right: ["socket.setTimeout(5)", 'Effect.sleep("1 second")', "/setTimeout\\(/"]
  },
  {
    name: "no fetch",
    instead: "use HttpClient; EPX is reached through src/epx only",
    find: nodes(({ node }) => /^(globalThis\.)?fetch$/.test(called(node))),
    wrong: ["fetch(url)", "globalThis.fetch(url)"],
    right: ["client.fetch(url)", "prefetch(url)", '"fetch("']
  },
  {
    name: "no retryTransient",
    instead: "use a named Schedule that looks at the error: retryTransient repeats POSTs whose outcome is unknown",
    find: nodes(({ node }) => nameOf(node) === "retryTransient"),
    wrong: ["HttpClient.retryTransient({ times: 3 })", 'import { retryTransient } from "effect/http/HttpClient"'],
    right: ["Effect.retry(policy)", "// retryTransient"]
  },
  {
    name: "no running of effects inside",
    instead: "return the effect; only the edge of the program runs one",
    find: nodes(({ node }) => /^Effect\.run(Promise|Sync|Fork|Callback)/.test(memberOf(node))),
    except: [
      entryPoints,
      {
        files: /^src\/running\/Fibers\.ts$/,
        because: "callbacks have no fiber to fork from, and `FiberSet` keeps what is over"
      }
    ],
    wrong: [
      "Effect.runPromise(x)",
      "Effect.runSync(x)",
      "Effect.runForkWith(context)(x)",
      "x.pipe(Effect.runSyncExit)"
    ],
    right: ["Effect.forkScoped(x)", { path: "src/main.ts", text: "Effect.runFork(x)" }, '"Effect.runSync"']
  },
  {
    name: "no fibers without an owner",
    instead: "use Effect.forkScoped, Effect.forkChild, or makeFibers for what outlives who begins it",
    find: nodes(({ node }) => memberOf(node) === "Effect.forkDetach"),
    except: [
      { files: /^src\/running\/Fibers\.ts$/, because: "its scope ends them" },
      {
        files: /^src\/cli\/doctor\/Within\.ts$/,
        because: "what it has given up is not waited for, and ends with the command"
      }
    ],
    wrong: ["Effect.forkDetach(x)", "x.pipe(Effect.forkDetach)"],
    right: [{ path: "src/running/Fibers.ts", text: "Effect.forkDetach(x)" }, "Effect.forkScoped(x)", "// forkDetach"]
  },
  {
    name: "no orDie without a reason",
    instead: "handle the error, or say in a comment on the same line or the line above why it cannot happen",
    find: (source) =>
      nodes(({ node }) => /^(Effect|Layer|Stream)\.orDie$/.test(memberOf(node)))(source).filter((start) => {
        const line = source.lineOf(start + source.text.slice(start).indexOf("orDie"))
        return !source.comments.some((comment) => beside(comment, source)(line))
      }),
    except: [{ files: /Repo\.ts$/, because: "a database or decoding failure of a repository is a defect" }],
    wrong: ["Effect.orDie(x)", "// A reason, but too far away.\n\nx.pipe(Effect.orDie)", "Layer.orDie(x)"],
    right: [
      { path: "src/payments/PaymentsRepo.ts", text: "Effect.orDie(x)" },
      "// A fresh row is always pending.\nx.pipe(Effect.orDie)",
      "x.pipe(Effect.orDie) // a fresh row is always pending"
    ]
  },
  {
    name: "no catchCause",
    instead: "catch the error by its tag; defects belong to the edge",
    find: nodes(({ node }) => /^(Effect|Layer|Stream)\.catchCause/.test(memberOf(node))),
    except: [entryPoints, { files: /^src\/http\//, because: "the edge turns a defect into a 500" }],
    wrong: ["Effect.catchCause(x, f)", "x.pipe(Effect.catchCauseIf(p, f))", "Stream.catchCause(f)"],
    right: [{ path: "src/http/Errors.ts", text: "Effect.catchCause(f)" }, "Effect.catchTag(f)", "Effect.tapCause(f)"]
  },
  {
    name: "no leftover reminders",
    instead: "do it, or open an issue",
    isForTests: true,
    find: comments((text) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text)),
    wrong: ["// TODO: x\nx", "/* FIXME */ x", "x // XXX", "/** HACK */\nx"],
    right: ['"TODO"', "// What is left to do stands in the issue.\nx", "const XXX = 1"]
  },
  {
    name: "no banners",
    instead: "let the file and its names say it",
    find: comments((text) => banner.test(text)),
    wrong: [
      "// ------\nx",
      "// ==== Errors ====\nx",
      "// Errors\n// ------\nx",
      "////// Errors\nx",
      "/******\n * Errors\n ******/\nx",
      "// #region Errors\nx",
      "// Errors ────\nx"
    ],
    right: ["// A reason -- with dashes.\nx", "/** One sentence. */\nx", '"------"', "x // 2 * 3 === 6"]
  },
  {
    name: "no Effect 3 import",
    instead: "the module moved into `effect`: effect/http, effect/sql, effect/Schema; nothing is under effect/unstable",
    isForTests: true,
    find: (source) => source.imports.filter(({ target }) => effect3.test(target)).map(({ start }) => start),
    wrong: [
      'import { HttpClient } from "@effect/platform"',
      'import { Schema } from "@effect/schema"',
      'import { SqlClient } from "@effect/sql"',
      'import * as S from "@effect/schema/Schema"',
      'import { HttpApi } from "effect/unstable/httpapi"'
    ],
    right: [
      'import { NodeRuntime } from "@effect/platform-node"',
      'import { PgClient } from "@effect/sql-pg"',
      'import { HttpApi } from "effect/http-api"'
    ]
  }
]

const clocks: ReadonlySet<string> = new Set(["Date.now", "performance.now", "process.hrtime"])

const timers = /^(globalThis\.)?set(Timeout|Interval)$/

const banner = /^[^\S\n]*[-=*#~─━═_/]{4,}|[-=*#~─━═_]{4,}[^\S\n]*$|^\s*#(end)?region\b/m

const effect3 = /^(@effect\/(platform|schema|sql|cluster|rpc|workflow|cli|experimental)|effect\/unstable)(\/|$)/

const called = (node: Node): string =>
  node.type === "CallExpression" ? nameOf(node.callee) || memberOf(node.callee) : ""

const isPattern = (value: unknown): boolean =>
  isNode(value) &&
  value.type === "ObjectPattern" &&
  Array.isArray(value.properties) &&
  value.properties.some((property) => nameOf(property.key) === "env")

const isConst = ({ typeAnnotation }: Node): boolean =>
  isNode(typeAnnotation) && nameOf(typeAnnotation.typeName) === "const"

const imported = (source: Source, from: RegExp, isBanned: (name: string) => boolean): ReadonlyArray<number> =>
  source.imports.filter(({ target, names }) => from.test(target) && names.some(isBanned)).map(({ start }) => start)

/** Whether a comment ends on a line or on the one before it. */
const beside = (comment: { readonly end: number }, source: Source) => {
  const last = source.lineOf(comment.end)
  return (line: number): boolean => last === line || last === line - 1
}

const isReason = (comment: string): boolean => /^\s*cast:\s*\S/.test(comment)

const asOffset = ({ start, typeAnnotation }: Node): number => (isNode(typeAnnotation) ? typeAnnotation.start : start)
