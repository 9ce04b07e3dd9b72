import { PgConnection } from "@effect/sql-pg"
import { Effect, Exit, Scope } from "effect"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { scoped } from "./Storage.ts"

/** Makes the time of a database with our schema virtual, and keeps what runs by itself away from its tables. */
export const makeVirtual = async (database: LocalDatabase): Promise<void> => {
  const scope = Scope.makeUnsafe()
  const session = await scoped(scope, PgConnection.make(database))
  for (const text of [virtualNow, defaults, unlogged, quiet]) {
    await Effect.runPromise(session.query(text, [], false))
  }
  await Effect.runPromise(Scope.close(scope, Exit.void))
}

const virtualNow = `CREATE OR REPLACE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT current_setting('virtual.now')::timestamptz $$`

/** A default is bound to the function it meant when it was written. */
const defaults = `DO $do$ DECLARE item record; BEGIN
  FOR item IN SELECT adrelid::regclass AS name, attname FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum JOIN pg_class ON pg_class.oid = adrelid
    WHERE relnamespace = 'public'::regnamespace AND pg_get_expr(adbin, adrelid) IN ('now()', 'pg_catalog.now()') LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT public.now()', item.name, item.attname);
  END LOOP;
END $do$`

const tables =
  "SELECT oid, oid::regclass AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"

/** Nothing of it has to outlive a crash. A table can be unlogged once no logged one refers to it. */
const unlogged = `DO $do$ DECLARE item record; BEGIN
  LOOP
    SELECT name INTO item FROM (${tables} AND relpersistence = 'p') AS logged WHERE NOT EXISTS (
      SELECT 1 FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
      WHERE confrelid = logged.oid AND conrelid <> logged.oid AND relpersistence = 'p');
    EXIT WHEN NOT FOUND;
    EXECUTE format('ALTER TABLE %s SET UNLOGGED', item.name);
  END LOOP;
END $do$`

const quiet = `DO $do$ DECLARE item record; BEGIN
  FOR item IN ${tables} LOOP
    EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', item.name);
  END LOOP;
END $do$`
