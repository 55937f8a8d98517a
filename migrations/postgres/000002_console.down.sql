DROP TABLE notes;
DROP TABLE images;
DROP TABLE settings;
DROP TABLE tallies;
DROP TABLE audit_head;
DROP TABLE audit;
DROP INDEX sessions_end;
CREATE INDEX sessions_end ON sessions (ends_at);
DROP INDEX grants_client;
DROP INDEX grants_expiry;
CREATE INDEX grants_expiry ON grants (expires_at);
ALTER TABLE signing_keys DROP COLUMN revoked_at;
ALTER TABLE clients
    DROP COLUMN last_used_at, DROP COLUMN logo, DROP COLUMN kind, DROP COLUMN name_key, DROP COLUMN search;
DROP INDEX clients_by_created;
DROP INDEX users_by_email;
DROP INDEX users_by_created;
DROP INDEX users_by_login;
DROP INDEX users_locked;
ALTER TABLE users DROP COLUMN delete_at, DROP COLUMN name_key, DROP COLUMN search, DROP COLUMN role_list;
ALTER TABLE roles DROP COLUMN permission, DROP COLUMN updated_at;
-- pg_trgm stays: others may use it.
