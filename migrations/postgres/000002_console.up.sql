-- What the console, the account pages and the API need: permissions, lists
-- that page by (value, id), the audit log, tallies, settings, images, notes.
-- New columns have defaults, so that the release before can still write.

ALTER TABLE roles
    ADD COLUMN permission text NOT NULL DEFAULT '' CHECK (permission IN ('', 'users', 'read', 'admin')),
    ADD COLUMN updated_at timestamptz; -- NULL: never since it was made
UPDATE roles SET permission = 'admin' WHERE name = 'Admin';

ALTER TABLE users
    ADD COLUMN delete_at timestamptz,
    ADD COLUMN name_key  text COLLATE "C" NOT NULL DEFAULT '', -- the name in lower case, to sort by
    ADD COLUMN search    text COLLATE "C" NOT NULL DEFAULT '', -- username, email and name in lower case, a line each
    ADD COLUMN role_list text COLLATE "C" NOT NULL DEFAULT ''; -- names of the roles, each between two line ends
UPDATE users u SET name_key = lower(name), search = username || E'\n' || email || E'\n' || lower(name),
    role_list = coalesce((SELECT E'\n' || string_agg(r.name, E'\n' ORDER BY r.name) || E'\n'
        FROM user_roles m JOIN roles r ON r.id = m.role_id WHERE m.user_id = u.id), '');
CREATE INDEX users_by_email ON users (email, id);
CREATE INDEX users_by_name ON users (name_key, id);
CREATE INDEX users_by_created ON users (created_at, id);
CREATE INDEX users_by_login ON users ((coalesce(last_login_at, timestamptz '1970-01-01 00:00:00+00')), id);
CREATE INDEX users_locked ON users (id) WHERE failed_auth_count >= 10;
CREATE INDEX users_due ON users (delete_at) WHERE delete_at IS NOT NULL;

ALTER TABLE clients
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN logo         text NOT NULL DEFAULT '',             -- ID of an image
    ADD COLUMN kind         text NOT NULL DEFAULT '',             -- idp.Client.Kind
    ADD COLUMN name_key     text COLLATE "C" NOT NULL DEFAULT '', -- the name that is shown, in lower case
    ADD COLUMN search       text COLLATE "C" NOT NULL DEFAULT ''; -- ID and name in lower case
UPDATE clients SET name_key = lower(CASE WHEN name = '' THEN id ELSE name END), search = lower(id) || E'\n' || lower(name),
    kind = CASE
        WHEN grant_types = '[]' AND (resource_server OR redirect_uris = '[]') THEN 'resource'
        WHEN NOT grant_types ? 'authorization_code' AND grant_types ? 'client_credentials' THEN 'machine'
        WHEN auth_method <> 'none' THEN 'web'
        WHEN EXISTS (SELECT 1 FROM jsonb_array_elements_text(redirect_uris) u
            WHERE u !~* '^https?:' OR u ~* '^http://(127\.|\[::1\])') THEN 'native'
        ELSE 'spa' END;
CREATE INDEX clients_by_name ON clients (name_key, id);
CREATE INDEX clients_by_created ON clients (created_at, id);
CREATE INDEX clients_by_use ON clients ((coalesce(last_used_at, timestamptz '1970-01-01 00:00:00+00')), id);

ALTER TABLE signing_keys ADD COLUMN revoked_at timestamptz;

-- Lists of what is live begin with what ends last.
DROP INDEX grants_expiry;
CREATE INDEX grants_expiry ON grants (expires_at, id);
CREATE INDEX grants_client ON grants (client_id, expires_at, id) WHERE user_id <> '';
DROP INDEX sessions_end;
CREATE INDEX sessions_end ON sessions (ends_at, id);

CREATE TABLE audit (
    seq         bigint PRIMARY KEY, -- 1, 2, 3, … without gaps
    time        timestamptz NOT NULL,
    actor_kind  text NOT NULL,
    actor_id    text COLLATE "C" NOT NULL,
    actor_name  text NOT NULL,
    action      text COLLATE "C" NOT NULL,
    target_kind text NOT NULL,
    target_id   text COLLATE "C" NOT NULL,
    target_name text NOT NULL,
    result      text COLLATE "C" NOT NULL,
    client_id   text COLLATE "C" NOT NULL,
    ip          text NOT NULL,
    request_id  text NOT NULL,
    reason      text NOT NULL,
    changes     json NOT NULL,
    count       bigint NOT NULL,
    prev        text NOT NULL, -- hash of the event before
    hash        text NOT NULL,
    search      text COLLATE "C" NOT NULL -- names and IDs of actor and target in lower case, a line each
);
CREATE INDEX audit_time ON audit (time, seq);
CREATE INDEX audit_actor ON audit (actor_id, time, seq) WHERE actor_id <> '';
CREATE INDEX audit_target ON audit (target_id, time, seq) WHERE target_id <> '';
CREATE INDEX audit_client ON audit (client_id, time, seq) WHERE client_id <> '';
CREATE INDEX audit_action ON audit (action, time, seq);
CREATE INDEX audit_refused ON audit (time, seq) WHERE result = 'refused';

-- One row; whoever appends holds it, so that there is one chain.
CREATE TABLE audit_head (
    id        integer PRIMARY KEY CHECK (id = 1),
    anchor    text NOT NULL,   -- hash of the last event that retention removed
    first_seq bigint NOT NULL, -- of the events that are left
    last_seq  bigint NOT NULL,
    last_hash text NOT NULL
) WITH (fillfactor = 10); -- room for versions of the row on its page
INSERT INTO audit_head VALUES (1, '', 1, 0, '');

CREATE TABLE tallies (
    hour  timestamptz NOT NULL,
    kind  text COLLATE "C" NOT NULL,
    label text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (hour, kind, label)
);

CREATE TABLE settings (
    id         integer PRIMARY KEY CHECK (id = 1),
    data       json NOT NULL, -- an object: what was saved, by JSON name
    updated_at timestamptz    -- NULL until something was
);
INSERT INTO settings VALUES (1, '{}', NULL);

CREATE TABLE images (
    id   text COLLATE "C" PRIMARY KEY, -- SHA-256 of data, hex
    type text NOT NULL,
    data bytea NOT NULL
);

CREATE TABLE notes (
    key        text COLLATE "C" PRIMARY KEY,
    value      bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX notes_expiry ON notes (expires_at);

-- Text is found anywhere in a value with the help of trigrams, where the
-- extension is to be had; without it such a search reads the whole table.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX users_search ON users USING gin (search gin_trgm_ops);
    CREATE INDEX audit_search ON audit USING gin (search gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'searching without pg_trgm: %', SQLERRM;
END $$;
