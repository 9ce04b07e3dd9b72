import type { Rule } from "./TidyRule.ts"
import type { Import, Source } from "./TidySource.ts"

const storing = ["domain", "postgres", "telemetry", "running"]
const routing = [...storing, "http", "merchants", "events"]
const paying = [...routing, "transactions", "payment-methods"]
const selling = [...paying, "payments"]
const reading = [
  "merchants",
  "events",
  "transactions",
  "payment-methods",
  "payments",
  "checkout",
  "subscriptions",
  "disputes"
]

/** A folder or root file of `src/` may import itself and these; the composition roots may import everything. */
export const mayImport: Readonly<Record<string, ReadonlyArray<string>>> = {
  domain: [],
  running: [],
  telemetry: ["domain"],
  epx: ["domain", "telemetry", "running"],
  postgres: ["domain", "telemetry", "running"],
  http: ["domain", "telemetry", "running"],
  audit: [...storing, "http"],
  limits: [...storing, "http"],
  "kill-switches": [...storing, "http"],
  profiles: [...storing, "http"],
  merchants: [...storing, "http"],
  events: [...storing, "http", "merchants"],
  transactions: [...storing, "epx", "merchants", "events"],
  "payment-methods": [...routing, "transactions"],
  exceptions: [...storing, "http", "transactions"],
  payments: paying,
  checkout: selling,
  subscriptions: selling,
  disputes: selling,
  webhooks: [...storing, "http", "events"],
  ops: ["domain", "telemetry", "http", ...reading],
  jobs: [...storing, "http", "epx", ...reading, "webhooks", "ops"],
  // Both sides of the comparison are plain data, so it shares no code with either.
  verification: [...storing, "http"],
  simulator: [],
  local: [...storing, "merchants"],
  "Settings.ts": ["domain"],
  "Api.ts": ["domain", "http"],
  "OperatorApi.ts": ["domain", "http"]
}

/** The folder of `src/` that a path lies in, or the file itself at the root. */
const areaOf = (path: string): string => path.split("/")[1] ?? ""

const kindOf = (path: string): string => /(Api|Http|Repo|Worker)\.ts$/.exec(path)?.[1] ?? ""

/** A whole HTTP contract, at the root of `src/`: it is made of the Apis of the folders. */
export const isContract = (path: string): boolean => /^src\/\w*Api\.ts$/.test(path)

const isEntryPoint = (path: string): boolean =>
  /^src\/((main|cli|Serve|Backing|Verify)|cli\/(doctor\/)?\w+)\.ts$/.test(path)

const offsets = (source: Source, isWrong: (found: Import) => boolean): ReadonlyArray<number> =>
  source.imports.filter(isWrong).map(({ start }) => start)

/** Offsets of imports of our own that `isAllowed` refuses, in files that `concerns` picks. */
const ours =
  (concerns: (path: string) => boolean, isAllowed: (target: string, path: string) => boolean): Rule["find"] =>
  (source) =>
    concerns(source.path) ? offsets(source, ({ isOurs, target }) => isOurs && !isAllowed(target, source.path)) : []

const isDownward = (target: string, path: string): boolean => {
  const [from, to] = [areaOf(path), areaOf(target)]
  if (!target.startsWith("src/")) return false
  if (from === to || isEntryPoint(path) || (mayImport[from] ?? []).includes(to)) return true
  return isContract(path) ? kindOf(target) === "Api" : isContract(target) && kindOf(path) === "Http"
}

const isUndici = ({ target, names }: Import): boolean => /(^|\/)undici(\/|$)/i.test(target) || names.includes("Undici")

/** What the plain files of a folder may import when an Api or a Repo is made of them. */
const parts = { Api: ["domain", "http"], Repo: storing }

const isPart = (target: string, path: string, areas: ReadonlyArray<string>): boolean =>
  areas.includes(areaOf(target)) || (areaOf(target) === areaOf(path) && kindOf(target) === "")

/** The import table of the architecture, and what single kinds of file may import. */
export const importRules: ReadonlyArray<Rule> = [
  {
    name: "imports run one way",
    instead: "see `mayImport` in test/support/TidyImports.ts",
    find: ours(() => true, isDownward),
    wrong: [
      { path: "src/domain/Money.ts", text: 'import { poolSize } from "../telemetry/Metrics.ts"' },
      { path: "src/epx/Epx.ts", text: 'import type { Database } from "../postgres/Database.ts"' },
      { path: "src/http/Health.ts", text: 'export { Database } from "../postgres/Database.ts"' },
      { path: "src/payments/Payments.ts", text: 'type A = import("../epx/Result.ts").Replied' },
      { path: "src/webhooks/Webhooks.ts", text: 'const a = import("../payments/Payments.ts")' },
      { path: "src/payments/Payments.ts", text: 'import { x } from "../webhooks/Webhooks.ts"' },
      { path: "src/simulator/Ledger.ts", text: 'import { Money } from "../domain/Money.ts"' },
      { path: "src/jobs/Jobs.ts", text: 'import { main } from "../main.ts"' },
      { path: "src/jobs/Jobs.ts", text: 'import { Settings } from "../Settings.ts"' },
      { path: "src/payments/Payments.ts", text: 'import { Api } from "../Api.ts"' },
      { path: "src/Api.ts", text: 'import { Payments } from "./payments/Payments.ts"' },
      { path: "src/payments/PaymentsApi.ts", text: 'import { Api } from "../Api.ts"' },
      { path: "src/domain/Money.ts", text: 'import { charge } from "../../test/support/Fakes.ts"' },
      { path: "src/anything/New.ts", text: 'import { Money } from "../domain/Money.ts"' }
    ],
    right: [
      { path: "src/payments/Payments.ts", text: 'import { Transactions } from "../transactions/Transactions.ts"' },
      { path: "src/payments/Payments.ts", text: 'import { PaymentsRepo } from "./PaymentsRepo.ts"' },
      { path: "src/payments/PaymentsHttp.ts", text: 'import { Api } from "../Api.ts"' },
      { path: "src/merchants/MerchantsHttp.ts", text: 'import { OperatorApi } from "../OperatorApi.ts"' },
      { path: "src/Api.ts", text: 'import { PaymentsApi } from "./payments/PaymentsApi.ts"' },
      { path: "src/main.ts", text: 'import { Epx } from "./epx/Epx.ts"' },
      { path: "src/cli.ts", text: 'import { Simulator } from "./simulator/Simulator.ts"' },
      { path: "src/simulator/Ledger.ts", text: 'import { Cents } from "./Cents.ts"' }
    ]
  },
  {
    name: "only src/transactions calls EPX",
    instead: "go through Transactions: every call that moves money has its row first",
    find: ours(
      (path) => !isEntryPoint(path) && !["epx", "transactions"].includes(areaOf(path)),
      (target) => target !== "src/epx/Epx.ts"
    ),
    wrong: [
      { path: "src/jobs/Jobs.ts", text: 'import { Epx } from "../epx/Epx.ts"' },
      { path: "src/payments/Payments.ts", text: 'import type { Epx } from "../epx/Epx.ts"' }
    ],
    right: [
      { path: "src/transactions/Send.ts", text: 'import { Epx } from "../epx/Epx.ts"' },
      { path: "src/main.ts", text: 'import { Epx } from "./epx/Epx.ts"' },
      { path: "src/jobs/Jobs.ts", text: 'import { Replied } from "../epx/Result.ts"' }
    ]
  },
  {
    name: "an Api imports the domain, the contract of http, other Apis and their parts",
    instead: "a client must be able to import the contract without the server",
    find: ours(
      (path) => kindOf(path) === "Api",
      (target, path) => kindOf(target) === "Api" || isPart(target, path, parts.Api)
    ),
    wrong: [
      { path: "src/payments/PaymentsApi.ts", text: 'import { PaymentsRepo } from "./PaymentsRepo.ts"' },
      { path: "src/payments/PaymentsApi.ts", text: 'import { Caller } from "../merchants/Caller.ts"' }
    ],
    right: [
      { path: "src/payments/PaymentsApi.ts", text: 'import { Money } from "../domain/Money.ts"' },
      { path: "src/payments/PaymentsApi.ts", text: 'import { Problem } from "../http/Problem.ts"' },
      { path: "src/payments/PaymentsApi.ts", text: 'import { EventsApi } from "../events/EventsApi.ts"' },
      { path: "src/payments/PaymentsApi.ts", text: 'import { NewPayment } from "./NewPayment.ts"' }
    ]
  },
  {
    name: "a Repo imports domain, postgres, telemetry and its parts",
    instead: "a repository knows rows; what it needs of others is handed to it",
    find: ours(
      (path) => kindOf(path) === "Repo",
      (target, path) => isPart(target, path, parts.Repo)
    ),
    wrong: [
      { path: "src/transactions/TransactionsRepo.ts", text: 'import type { Replied } from "../epx/Result.ts"' },
      { path: "src/payments/PaymentsRepo.ts", text: 'import { EventsRepo } from "../events/EventsRepo.ts"' },
      { path: "src/payments/PaymentsRepo.ts", text: 'import { PaymentsApi } from "./PaymentsApi.ts"' }
    ],
    right: [
      { path: "src/payments/PaymentsRepo.ts", text: 'import { Database } from "../postgres/Database.ts"' },
      { path: "src/payments/PaymentsRepo.ts", text: 'import { Payment } from "../domain/Payment.ts"' },
      { path: "src/payments/PaymentsRepo.ts", text: 'import { PaymentRow } from "./PaymentRow.ts"' },
      { path: "src/payments/Payments.ts", text: 'import { PaymentsRepo } from "./PaymentsRepo.ts"' }
    ]
  },
  {
    name: "an Http imports its Api, its service and the caller",
    instead: "a handler decodes, calls its own service and answers; it never touches a row",
    find: ours(
      (path) => kindOf(path) === "Http",
      (target, path) =>
        isContract(target) ||
        ["domain", "http", "telemetry"].includes(areaOf(target)) ||
        /^src\/merchants\/(Caller|Credential)\w*\.ts$/.test(target) ||
        (areaOf(target) === areaOf(path) && ["", "Api"].includes(kindOf(target)))
    ),
    wrong: [
      { path: "src/payments/PaymentsHttp.ts", text: 'import { PaymentsRepo } from "./PaymentsRepo.ts"' },
      { path: "src/payments/PaymentsHttp.ts", text: 'import { Transactions } from "../transactions/Transactions.ts"' },
      { path: "src/payments/PaymentsHttp.ts", text: 'import { Merchants } from "../merchants/Merchants.ts"' },
      { path: "src/payments/PaymentsHttp.ts", text: 'import { Database } from "../postgres/Database.ts"' }
    ],
    right: [
      { path: "src/payments/PaymentsHttp.ts", text: 'import { Payments } from "./Payments.ts"' },
      { path: "src/payments/PaymentsHttp.ts", text: 'import { Caller } from "../merchants/Caller.ts"' },
      { path: "src/payments/PaymentsHttp.ts", text: 'import { PaymentsApi } from "./PaymentsApi.ts"' }
    ]
  },
  {
    name: "the domain imports only effect",
    instead: "keep it pure: what needs more belongs to another folder",
    find: (source) =>
      areaOf(source.path) === "domain" ? offsets(source, ({ isOurs, target }) => !isOurs && target !== "effect") : [],
    wrong: [
      { path: "src/domain/Ids.ts", text: 'import { randomBytes } from "node:crypto"' },
      { path: "src/domain/Money.ts", text: 'import { HttpApiSchema } from "effect/http-api"' }
    ],
    right: [
      { path: "src/domain/Money.ts", text: 'import { Schema } from "effect"' },
      { path: "src/http/RequestId.ts", text: 'import { randomBytes } from "node:crypto"' }
    ]
  },
  {
    name: "only src/epx speaks undici",
    instead: "use HttpClient",
    find: (source) => (areaOf(source.path) === "epx" ? [] : offsets(source, isUndici)),
    wrong: [
      { path: "src/webhooks/Delivery.ts", text: 'import { Agent } from "undici"' },
      { path: "src/main.ts", text: 'import * as Undici from "@effect/platform-node/Undici"' },
      { path: "src/main.ts", text: 'import { Undici } from "@effect/platform-node"' }
    ],
    right: [
      { path: "src/epx/Wire.ts", text: 'import { Agent } from "@effect/platform-node/Undici"' },
      { path: "src/main.ts", text: 'import { NodeRuntime } from "@effect/platform-node"' }
    ]
  },
  {
    name: "our own imports name the .ts file",
    instead: "write the suffix: no build rewrites it",
    find: (source) => offsets(source, ({ isOurs, target }) => isOurs && !target.endsWith(".ts")),
    wrong: ['import { Money } from "../domain/Money"', 'import { Money } from "../domain/Money.js"'],
    right: ['import { Money } from "../domain/Money.ts"']
  }
]

/** Imports met on the way from one file along those that `follow` picks, as `file: target`. */
const reach = (
  from: string,
  sources: ReadonlyArray<Source>,
  follow: (found: Import) => boolean
): ReadonlyArray<readonly [path: string, found: Import]> => {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const reached = new Set([from])
  const met: Array<readonly [string, Import]> = []
  for (const path of reached) {
    for (const found of byPath.get(path)?.imports ?? []) {
      met.push([path, found])
      if (follow(found)) reached.add(found.target)
    }
  }
  return met
}

const isLoaded = ({ isOurs, isType }: Import): boolean => isOurs && !isType

const ofContract: ReadonlySet<string> = new Set(["effect", "effect/crypto", "effect/http", "effect/http-api"])

/** Packages that a client would load with the contract though only a server needs them, as `file: package`. */
export const serverParts = (contract: string, sources: ReadonlyArray<Source>): ReadonlyArray<string> =>
  reach(contract, sources, isLoaded)
    .filter(([, { isOurs, isType, target }]) => !isOurs && !isType && !ofContract.has(target))
    .map(([path, { target }]) => `${path}: ${target}`)

/**
 * What an Api or a Repo may not import and yet reaches through parts of its own, the plain files of its folder, as
 * `file: target`.
 */
export const reachesBeyond = (kind: keyof typeof parts, from: string, sources: ReadonlyArray<Source>) =>
  reach(from, sources, ({ target }) => areaOf(target) === areaOf(from) && kindOf(target) === "")
    .filter(([, { isOurs, target }]) => isOurs && kindOf(target) !== kind && !isPart(target, from, parts[kind]))
    .map(([path, { target }]) => `${path}: ${target}`)
