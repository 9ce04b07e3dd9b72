-- Every process remembers for a while who holds a key. This tells all of them when that may no longer be true.
CREATE FUNCTION tell_of_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('access', '');
  RETURN NULL;
END $$;

-- Not for `last_used_at`, which changes all the time.
CREATE TRIGGER api_keys_access AFTER UPDATE OF merchant_id, environment, hash, scopes, expires_at, revoked_at OR DELETE
  ON api_keys FOR EACH STATEMENT EXECUTE FUNCTION tell_of_access();
