import { Effect } from "effect"
import { MerchantIds } from "../../../src/domain/Ids.ts"
import { ExceptionsRepo } from "../../../src/exceptions/ExceptionsRepo.ts"
import { DeclinesRepo } from "../../../src/limits/DeclinesRepo.ts"
import { LeftoversRepo, leftoverTables, start } from "../../../src/limits/LeftoversRepo.ts"
import { DoubtsRepo } from "../../../src/transactions/doubts/DoubtsRepo.ts"
import { UpkeepRepo } from "../../../src/transactions/upkeep/UpkeepRepo.ts"
import { page, perPayment, type Query } from "./Query.ts"
import { idOf, open, tenantOf } from "./Town.ts"

/** What the service looks for by itself, every second and in every process. */
export const sweeps: ReadonlyArray<Query> = [
  {
    name: "calls that nobody is making any more",
    indexes: ["transactions_leased"],
    ask: Effect.flatMap(DoubtsRepo, (repo) => repo.takeOver(100)),
    reads: { payments: 200, transactions: 400 },
    sorts: 100
  },
  {
    name: "unknown outcomes that are due",
    indexes: ["transactions_unresolved"],
    ask: Effect.flatMap(DoubtsRepo, (repo) => repo.due(64, [])),
    reads: { transactions: 2 * 64 },
    sorts: 2 * 64
  },
  {
    name: "refunds that are due",
    indexes: ["transactions_scheduled"],
    ask: Effect.flatMap(UpkeepRepo, (repo) => repo.dueRefunds(32, [])),
    reads: { transactions: 32 }
  },
  {
    name: "payments to be undone",
    indexes: ["payments_undo"],
    ask: Effect.flatMap(UpkeepRepo, (repo) => repo.dueUndos(32, [])),
    reads: { payments: 32, transactions: 32 * 3 * perPayment }
  },
  {
    name: "late approvals",
    indexes: ["transactions_late"],
    ask: Effect.flatMap(UpkeepRepo, (repo) => repo.lateApprovals(32, [])),
    reads: { transactions: 32 }
  },
  {
    name: "batches that have closed",
    indexes: ["transactions_unsettled"],
    ask: Effect.flatMap(UpkeepRepo, (repo) => repo.settleBatches(200)),
    reads: { payments: 200 * 3, transactions: 200 * 2 * perPayment },
    sorts: 200
  },
  {
    name: "authorizations that have lapsed",
    indexes: ["payments_expiring"],
    ask: Effect.flatMap(UpkeepRepo, (repo) => repo.expire(200)),
    // Postgres takes them for fewer than they are, and may put all that have lapsed in order.
    reads: { payments: open.lapsed + 200, transactions: 200 * perPayment },
    sorts: open.lapsed
  },
  {
    name: "guards that guard nothing any more",
    indexes: ["duplicate_guards_expired"],
    ask: Effect.flatMap(UpkeepRepo, (repo) => repo.purgeGuards(1_000)),
    reads: { duplicate_guards: 2_000 },
    sorts: 1_000
  },
  ...leftoverTables.flatMap(
    (table): ReadonlyArray<Query> =>
      [start, { ...start, merchant: MerchantIds.toUuid(idOf.merchant(1_000)) }].map((place) => ({
        name: `leftovers of ${table}${place === start ? "" : ", behind a merchant"}`,
        indexes: [`${table}_pkey`],
        ask: Effect.flatMap(LeftoversRepo, (repo) => repo.removeBehind(table, place, 100)),
        // A page, those of it that are over, and these once more.
        reads: { [table]: 3 * 100 },
        sorts: 100
      }))
  ),
  {
    name: "declines of which nothing is left",
    indexes: ["decline_levels_updated_at"],
    ask: Effect.flatMap(DeclinesRepo, (repo) => repo.purge(1_000)),
    reads: { decline_levels: 2_000 },
    sorts: 1_000
  },
  {
    name: "declines that were counted together",
    indexes: ["merchants_pkey"],
    ask: Effect.flatMap(DeclinesRepo, (repo) =>
      repo.add(
        Array.from({ length: 100 }, (_, n) => ({
          ...tenantOf(n + 1),
          kind: "customer" as const,
          digest: n.toString(16).padStart(64, "0"),
          declines: 1,
          usual: 10
        }))
      )
    ),
    reads: { merchants: 100 },
    sorts: 100
  },
  {
    // Not swept for, but read by every process at each notice.
    name: "whose declines are too many",
    indexes: ["decline_levels_full"],
    ask: Effect.flatMap(DeclinesRepo, (repo) => repo.blocked({ customer: 10, address: 30, key: 3_000 }, 10_000)),
    reads: { decline_levels: open.blocked, merchants: open.blocked },
    sorts: open.blocked
  },
  {
    // Each is counted, and nothing besides.
    name: "how much is unknown, and needs a person",
    indexes: ["transactions_unresolved"],
    ask: Effect.flatMap(DoubtsRepo, (repo) => repo.unknown),
    reads: {
      payments: 2 * open.undone,
      transactions: open.unknown + open.late + open.tokenless + open.undone * 2 * perPayment
    },
    sorts: 0
  }
]

const undone = { payments: open.undone, transactions: open.undone * 3 * perPayment }

/** What needs a person. Of what is being undone, all is read: there is no order in which it came to need one. */
export const exceptions: ReadonlyArray<Query> = (
  [
    ["what needs a person", {}],
    ["what needs a person, behind one", { starting_after: idOf.transaction(50_000) }],
    ["what needs a person, of a merchant", { merchant_id: tenantOf(1).merchantId, environment: "test" }]
  ] as const
).map(([name, query]) => ({
  name: `IDX-PART: ${name}`,
  indexes: ["transactions_unresolved", "transactions_late", "transactions_no_token", "payments_undo"],
  ask: Effect.flatMap(ExceptionsRepo, (repo) => repo.list({ limit: page, ...query })),
  reads: {
    payments: undone.payments + 3 * page,
    transactions: undone.transactions + 6 * page,
    merchants: page,
    terminals: page
  },
  sorts: 5 * page
}))
