import { Effect, Option, Schema } from "effect"
import { InvalidCursor } from "../domain/ChargeErrors.ts"
import type { Tenant } from "../domain/Tenant.ts"
import type { ColumnCipher } from "./ColumnCipher.ts"

/** Where a page begins: behind an id, or where the page before ended. */
export interface PageQuery<Id> {
  readonly limit: number
  readonly starting_after?: Id | undefined
  readonly cursor?: string | undefined
}

/** A page, and the cursor of the next one if there is more. */
export interface CursorPage<A> {
  readonly data: ReadonlyArray<A>
  readonly has_more: boolean
  readonly next_cursor: string | null
}

/** Cursors over ids with this prefix; each is signed for the tenant it is given to. */
export const makeCursors = <Id extends string>(
  { fingerprint }: Pick<ColumnCipher["Service"], "fingerprint">,
  prefix: string,
  Id: Schema.Codec<Id, string>
) => {
  const decode = Schema.decodeOption(Id)

  const cursorOf = ({ environment, merchantId }: Tenant, id: Id) => {
    const mac = fingerprint(`cursor ${merchantId} ${environment} ${id}`)
    return `${id.slice(prefix.length)}.${Buffer.from(mac).toString("base64url").slice(0, 22)}`
  }

  return {
    /** The id behind which the page begins; null: at the start. */
    startOf: (tenant: Tenant, { cursor, starting_after }: PageQuery<Id>): Effect.Effect<Id | null, InvalidCursor> => {
      if (cursor === undefined) return Effect.succeed(starting_after ?? null)
      const id = decode(`${prefix}${cursor.split(".", 1)[0]}`)
      return starting_after === undefined && Option.isSome(id) && cursorOf(tenant, id.value) === cursor
        ? Effect.succeed(id.value)
        : Effect.fail(new InvalidCursor())
    },
    /** The page of a list that was read one longer than `limit`. */
    pageOf: <A extends { readonly id: Id }>(tenant: Tenant, limit: number, found: ReadonlyArray<A>): CursorPage<A> => {
      const data = found.slice(0, limit)
      const last = data.at(-1)
      const has_more = found.length > data.length
      return { data, has_more, next_cursor: has_more && last !== undefined ? cursorOf(tenant, last.id) : null }
    }
  }
}
