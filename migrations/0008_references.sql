-- A row of the books is made from the rows it refers to, by the statement that reads or locks them. One reference each
-- is enough to keep it from being orphaned; every further one costs a look-up and a lock in each sale, and those of a
-- merchant or terminal are locks on a row that all its sales share. `npm run cli -- verify` compares what belongs to a
-- payment.
ALTER TABLE payments DROP CONSTRAINT payments_merchant_id_fkey;
ALTER TABLE transactions
  DROP CONSTRAINT transactions_merchant_id_fkey,
  DROP CONSTRAINT transactions_terminal_id_fkey;
ALTER TABLE events
  DROP CONSTRAINT events_merchant_id_fkey,
  DROP CONSTRAINT events_payment_id_fkey;
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_payment_id_fkey;
ALTER TABLE duplicate_guards DROP CONSTRAINT duplicate_guards_merchant_id_fkey;

CREATE FUNCTION refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'Rows of % are never deleted: payments refer to them.', TG_TABLE_NAME
    USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON merchants EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON terminals EXECUTE FUNCTION refuse_delete();
