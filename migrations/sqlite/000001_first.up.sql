-- Times are Unix microseconds, booleans 0 or 1, lists JSON.

CREATE TABLE roles (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id                TEXT PRIMARY KEY,
    username          TEXT NOT NULL UNIQUE,
    email             TEXT NOT NULL, -- '' when not known
    name              TEXT NOT NULL,
    claims            TEXT NOT NULL CHECK (json_valid(claims)), -- the other standard claims
    status            TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    password_hash     TEXT NOT NULL, -- PHC form; '' matches nothing
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    expires_at        INTEGER,
    last_login_at     INTEGER,
    last_change_at    INTEGER,
    failed_auth_at    INTEGER,
    failed_auth_count INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX users_email_key ON users (email) WHERE email <> '';

CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    role_id TEXT NOT NULL REFERENCES roles ON DELETE RESTRICT,
    PRIMARY KEY (user_id, role_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_roles_role ON user_roles (role_id);

CREATE TABLE clients (
    id                        TEXT PRIMARY KEY,
    name                      TEXT NOT NULL,
    auth_method               TEXT NOT NULL,
    redirect_uris             TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    grant_types               TEXT NOT NULL,
    scopes                    TEXT NOT NULL,
    secrets                   TEXT NOT NULL, -- SHA-256 digests
    resource_server           INTEGER NOT NULL,
    skip_consent              INTEGER NOT NULL,
    require_pkce              INTEGER NOT NULL,
    disabled                  INTEGER NOT NULL,
    id_token_alg              TEXT NOT NULL,
    client_uri                TEXT NOT NULL,
    policy_uri                TEXT NOT NULL,
    tos_uri                   TEXT NOT NULL,
    tokens_not_before         INTEGER,
    created_at                INTEGER NOT NULL,
    updated_at                INTEGER NOT NULL
) STRICT;

CREATE TABLE consents (
    user_id    TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    client_id  TEXT NOT NULL REFERENCES clients ON DELETE CASCADE,
    scopes     TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_client ON consents (client_id);

CREATE TABLE signing_keys (
    kid         TEXT PRIMARY KEY,
    alg         TEXT NOT NULL,
    predecessor TEXT NOT NULL, -- '' for the first of its algorithm
    sealed      BLOB NOT NULL, -- empty once the key has retired
    sealed_by   TEXT NOT NULL,
    public_jwk  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    activate_at INTEGER,
    UNIQUE (alg, predecessor)
) STRICT;

-- What expires names users and clients without a foreign key: the same records
-- may lie in Redis instead, and a row that outlives its user is dead anyhow.

CREATE TABLE grants (
    id                 TEXT PRIMARY KEY,
    state              TEXT NOT NULL CHECK (state IN ('code', 'active')),
    client_id          TEXT NOT NULL,
    user_id            TEXT NOT NULL, -- '' for client_credentials
    session_id         TEXT NOT NULL, -- '' without a browser session
    scope              TEXT NOT NULL,
    generation         INTEGER NOT NULL,
    offline            INTEGER NOT NULL,
    created_at         INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    rotated_at         INTEGER,
    refresh_expires_at INTEGER,
    code               TEXT NOT NULL,
    facts              TEXT NOT NULL,
    denied             TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX grants_user ON grants (user_id) WHERE user_id <> '';
CREATE INDEX grants_session ON grants (session_id) WHERE session_id <> '';
CREATE INDEX grants_expiry ON grants (expires_at);

CREATE TABLE sessions (
    digest          TEXT PRIMARY KEY,
    id              TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    auth_time       INTEGER NOT NULL,
    facts           TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    ends_at         INTEGER NOT NULL GENERATED ALWAYS AS (min(idle_expires_at, expires_at)) STORED
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_end ON sessions (ends_at);

CREATE TABLE interactions (
    id         TEXT PRIMARY KEY,
    version    INTEGER NOT NULL,
    data       TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX interactions_expiry ON interactions (expires_at);

CREATE TABLE throttles (
    key        TEXT PRIMARY KEY,
    count      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_expiry ON throttles (expires_at);
