import { Schema } from "effect"
import { type Finding, failed, ok, warning } from "./Finding.ts"

/** What the service does with its tables. */
export const privileges: Readonly<Record<string, ReadonlyArray<string>>> = {
  schema_migrations: ["SELECT", "INSERT"],
  merchants: ["SELECT", "INSERT", "UPDATE"],
  terminals: ["SELECT", "INSERT", "UPDATE"],
  api_keys: ["SELECT", "INSERT", "UPDATE"],
  payments: ["SELECT", "INSERT", "UPDATE"],
  transactions: ["SELECT", "INSERT", "UPDATE"],
  events: ["SELECT", "INSERT"],
  ledger_entries: ["SELECT", "INSERT"],
  audit_events: ["SELECT", "INSERT"],
  duplicate_guards: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  kill_switches: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  rate_limits: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  concurrency_leases: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  decline_levels: ["SELECT", "INSERT", "UPDATE", "DELETE"]
}

const Lacking = Schema.Array(Schema.String)

/** What the role lacks. Tables that no migration has made yet are not among it. */
export const PermissionFacts = Schema.Struct({
  role: Schema.String,
  schema: Schema.NullOr(Schema.String),
  may_create: Schema.Boolean,
  denied: Lacking,
  foreign: Lacking
})
export type PermissionFacts = typeof PermissionFacts.Type

const wanted = Object.entries(privileges).flatMap(([table, names]) => names.map((name) => `('${table}', '${name}')`))

export const permissionsStatement = `WITH
  wanted (name, privilege) AS (VALUES ${wanted.join(", ")}),
  denied AS (
    SELECT privilege || ' on ' || name AS what FROM wanted
    WHERE NOT coalesce(has_table_privilege(to_regclass(name), privilege), true)
    UNION ALL
    SELECT privilege || ' on tran_nbr' FROM (VALUES ('USAGE'), ('UPDATE')) AS used (privilege)
    WHERE NOT coalesce(has_sequence_privilege(to_regclass('tran_nbr'), privilege), true)
  ),
  others AS (
    SELECT relname AS what FROM pg_class
    WHERE oid IN (SELECT to_regclass(name) FROM wanted) AND NOT pg_has_role(relowner, 'USAGE')
  )
  SELECT quote_ident(current_user) AS role, quote_ident(current_schema()) AS schema,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
    array(SELECT what::text FROM denied ORDER BY what) AS denied,
    array(SELECT what::text FROM others ORDER BY what) AS "foreign"`

/** Whether the role may do what the service does, and what a start does to bring the schema up to date. */
export const judgePermissions = ({ denied, foreign, may_create, role, schema }: PermissionFacts): Finding => {
  const check = "permissions"
  if (schema === null) {
    return failed(check, `The search_path of ${role} leads to no schema.`, "Set one, or grant USAGE on it.")
  }
  if (!may_create) {
    return failed(
      check,
      `${role} may not create tables in the schema ${schema}, and no start goes without that.`,
      `GRANT CREATE ON SCHEMA ${schema} TO ${role}.`
    )
  }
  if (denied.length > 0) return failed(check, `${role} lacks ${denied.join(", ")}.`, "Grant it.")
  return foreign.length > 0
    ? warning(
        check,
        `${role} does not own ${foreign.join(", ")}, so that a later migration cannot change it.`,
        "Let one role own the tables and run the service."
      )
    : ok(check, `${role} may do all that is needed in the schema ${schema}.`)
}
