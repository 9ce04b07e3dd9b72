/**
 * Triggers that refuse what the service would show without a new version: whatever test runs into it fails. What tests
 * write themselves is their own business.
 */
export const versionWatch: ReadonlyArray<string> = [
  `
  CREATE FUNCTION is_of_service() RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT current_setting('application_name') LIKE 'payment-service %' $$
  `,

  `
  CREATE FUNCTION watch_payment() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF (to_jsonb(NEW) - '{version,updated_at,calls,doubts,undo}'::text[])
      IS DISTINCT FROM (to_jsonb(OLD) - '{version,updated_at,calls,doubts,undo}'::text[])
      AND NEW.version <= OLD.version THEN
      RAISE EXCEPTION 'payment % changed without a new version: % to %', NEW.id, to_jsonb(OLD), to_jsonb(NEW);
    END IF;
    RETURN NULL;
  END $$
  `,

  `
  CREATE TRIGGER watch_payment AFTER UPDATE ON payments FOR EACH ROW WHEN (is_of_service())
    EXECUTE FUNCTION watch_payment()
  `,

  `
  CREATE FUNCTION shown(t transactions) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$ SELECT to_jsonb(ARRAY[t.type, t.status, t.amount::text, t.target_id::text, t.reason, t.response_code,
      t.authorization_code, t.avs, t.cvv]) $$
  `,

  `
  CREATE FUNCTION watch_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'UPDATE' AND shown(NEW) IS NOT DISTINCT FROM shown(OLD) THEN RETURN NULL; END IF;
    -- At the end of what was committed together: whichever of the rows was written last.
    PERFORM FROM payments WHERE id = NEW.payment_id AND xmin::text::bigint = (pg_current_xact_id()::text::bigint % (1::bigint << 32));
    IF NOT FOUND THEN
      RAISE EXCEPTION 'transaction % changed without a new version of its payment: %', NEW.id, to_jsonb(NEW);
    END IF;
    RETURN NULL;
  END $$
  `,

  `
  CREATE CONSTRAINT TRIGGER watch_transaction AFTER INSERT OR UPDATE ON transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (is_of_service() AND NEW.payment_id IS NOT NULL AND NEW.probe_of IS NULL AND NEW.type <> 'reversal')
    EXECUTE FUNCTION watch_transaction()
  `
]
