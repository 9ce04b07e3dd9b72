-- Goes up with each change of the merchant or of its terminals, so that two operators do not undo each other's.
ALTER TABLE merchants ADD COLUMN version integer NOT NULL DEFAULT 1;
