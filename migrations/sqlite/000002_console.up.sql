-- What the console, the account pages and the API need: permissions, lists
-- that page by (value, id), the audit log, tallies, settings, images, notes.
-- New columns have defaults, so that the release before can still write.

ALTER TABLE roles ADD COLUMN permission TEXT NOT NULL DEFAULT '' CHECK (permission IN ('', 'users', 'read', 'admin'));
ALTER TABLE roles ADD COLUMN updated_at INTEGER; -- NULL: never since it was made
UPDATE roles SET permission = 'admin' WHERE name = 'Admin';

ALTER TABLE users ADD COLUMN delete_at INTEGER;
ALTER TABLE users ADD COLUMN name_key TEXT NOT NULL DEFAULT ''; -- the name in lower case, to sort by
ALTER TABLE users ADD COLUMN search TEXT NOT NULL DEFAULT '';   -- username, email and name in lower case, a line each
ALTER TABLE users ADD COLUMN role_list TEXT NOT NULL DEFAULT ''; -- names of the roles, each between two line ends
UPDATE users SET name_key = lower(name), search = username || char(10) || email || char(10) || lower(name),
    role_list = coalesce((SELECT char(10) || group_concat(r.name, char(10) ORDER BY r.name) || char(10)
        FROM user_roles m JOIN roles r ON r.id = m.role_id WHERE m.user_id = users.id), '');
CREATE INDEX users_by_email ON users (email, id);
CREATE INDEX users_by_name ON users (name_key, id);
CREATE INDEX users_by_created ON users (created_at, id);
CREATE INDEX users_by_login ON users (coalesce(last_login_at, 0), id);
-- All that lists filter and sort by, so that a filter reads this and not the table.
CREATE INDEX users_scan ON users (search, status, role_list, username, email, name_key, created_at, coalesce(last_login_at, 0), id);
CREATE INDEX users_locked ON users (id) WHERE failed_auth_count >= 10;
CREATE INDEX users_due ON users (delete_at) WHERE delete_at IS NOT NULL;

ALTER TABLE clients ADD COLUMN last_used_at INTEGER;
ALTER TABLE clients ADD COLUMN logo TEXT NOT NULL DEFAULT '';     -- ID of an image
ALTER TABLE clients ADD COLUMN kind TEXT NOT NULL DEFAULT '';     -- idp.Client.Kind
ALTER TABLE clients ADD COLUMN name_key TEXT NOT NULL DEFAULT ''; -- the name that is shown, in lower case
ALTER TABLE clients ADD COLUMN search TEXT NOT NULL DEFAULT '';   -- ID and name in lower case
UPDATE clients SET name_key = lower(CASE WHEN name = '' THEN id ELSE name END), search = lower(id) || char(10) || lower(name),
    kind = CASE
        WHEN grant_types = '[]' AND (resource_server OR redirect_uris = '[]') THEN 'resource'
        WHEN NOT EXISTS (SELECT 1 FROM json_each(grant_types) WHERE value = 'authorization_code')
            AND EXISTS (SELECT 1 FROM json_each(grant_types) WHERE value = 'client_credentials') THEN 'machine'
        WHEN auth_method <> 'none' THEN 'web'
        WHEN EXISTS (SELECT 1 FROM json_each(redirect_uris)
            WHERE value NOT LIKE 'http:%' AND value NOT LIKE 'https:%'
            OR value LIKE 'http://127.%' OR value LIKE 'http://[::1]%') THEN 'native'
        ELSE 'spa' END;
CREATE INDEX clients_by_name ON clients (name_key, id);
CREATE INDEX clients_by_created ON clients (created_at, id);
CREATE INDEX clients_by_use ON clients (coalesce(last_used_at, 0), id);

ALTER TABLE signing_keys ADD COLUMN revoked_at INTEGER;

-- Lists of what is live begin with what ends last.
DROP INDEX grants_expiry;
CREATE INDEX grants_expiry ON grants (expires_at, id);
CREATE INDEX grants_client ON grants (client_id, expires_at, id) WHERE user_id <> '';
DROP INDEX sessions_end;
CREATE INDEX sessions_end ON sessions (ends_at, id);

CREATE TABLE audit (
    seq         INTEGER PRIMARY KEY, -- 1, 2, 3, … without gaps
    time        INTEGER NOT NULL,
    actor_kind  TEXT NOT NULL,
    actor_id    TEXT NOT NULL,
    actor_name  TEXT NOT NULL,
    action      TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id   TEXT NOT NULL,
    target_name TEXT NOT NULL,
    result      TEXT NOT NULL,
    client_id   TEXT NOT NULL,
    ip          TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    reason      TEXT NOT NULL,
    changes     TEXT NOT NULL,
    count       INTEGER NOT NULL,
    prev        TEXT NOT NULL, -- hash of the event before
    hash        TEXT NOT NULL,
    search      TEXT NOT NULL -- names and IDs of actor and target in lower case, a line each
) STRICT;
-- What a search reads, in the order of the list.
CREATE INDEX audit_time ON audit (time, seq, action, result, search);
CREATE INDEX audit_actor ON audit (actor_id, time, seq) WHERE actor_id <> '';
CREATE INDEX audit_target ON audit (target_id, time, seq) WHERE target_id <> '';
CREATE INDEX audit_client ON audit (client_id, time, seq) WHERE client_id <> '';
CREATE INDEX audit_action ON audit (action, time, seq);
CREATE INDEX audit_refused ON audit (time, seq) WHERE result = 'refused';

-- One row: where the chain begins and ends.
CREATE TABLE audit_head (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    anchor    TEXT NOT NULL,    -- hash of the last event that retention removed
    first_seq INTEGER NOT NULL, -- of the events that are left
    last_seq  INTEGER NOT NULL,
    last_hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head VALUES (1, '', 1, 0, '');

CREATE TABLE tallies (
    hour  INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    label TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (hour, kind, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    data       TEXT NOT NULL, -- an object: what was saved, by JSON name
    updated_at INTEGER        -- NULL until something was
) STRICT;
INSERT INTO settings VALUES (1, '{}', NULL);

CREATE TABLE images (
    id   TEXT PRIMARY KEY, -- SHA-256 of data, hex
    type TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;

CREATE TABLE notes (
    key        TEXT PRIMARY KEY,
    value      BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_expiry ON notes (expires_at);
