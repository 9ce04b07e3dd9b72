import { Client } from "pg"
import type { Sum } from "./Gate.ts"
import type { Server } from "./Server.ts"

/** What a contender's tables say. */
export interface Books {
  readonly captured: Sum
  /** Transactions without an outcome. */
  readonly undecided: number
}

/** Both contenders name these columns alike. */
export const readBooks = async (server: Server): Promise<Books> => {
  const client = new Client({ ...server, application_name: "bench gate" })
  await client.connect()
  try {
    const { rows } = await client.query(`SELECT
      count(*) FILTER (WHERE captured > 0) AS count,
      coalesce(sum(captured), 0) AS cents,
      (SELECT count(*) FROM transactions WHERE status IN ('scheduled', 'submitting', 'unknown')) AS undecided
      FROM payments`)
    const row = rows[0] ?? {}
    return { captured: { count: Number(row.count), cents: Number(row.cents) }, undecided: Number(row.undecided) }
  } finally {
    await client.end()
  }
}
