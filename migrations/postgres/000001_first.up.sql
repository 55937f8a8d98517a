-- Names that are compared and sorted are COLLATE "C": the order is the same in
-- every database and on every system.

CREATE TABLE roles (
    id          uuid PRIMARY KEY,
    name        text COLLATE "C" NOT NULL,
    description text NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT roles_name_key UNIQUE (name)
);

CREATE TABLE users (
    id                uuid PRIMARY KEY,
    username          text COLLATE "C" NOT NULL,
    email             text COLLATE "C" NOT NULL, -- '' when not known
    name              text NOT NULL,
    claims            jsonb NOT NULL,            -- the other standard claims
    status            text NOT NULL CHECK (status IN ('active', 'disabled')),
    password_hash     text NOT NULL,             -- PHC form; '' matches nothing
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    expires_at        timestamptz,
    last_login_at     timestamptz,
    last_change_at    timestamptz,
    failed_auth_at    timestamptz,
    failed_auth_count integer NOT NULL DEFAULT 0,
    CONSTRAINT users_username_key UNIQUE (username)
);
CREATE UNIQUE INDEX users_email_key ON users (email) WHERE email <> '';

CREATE TABLE user_roles (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role_id uuid NOT NULL REFERENCES roles ON DELETE RESTRICT,
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX user_roles_role ON user_roles (role_id);

CREATE TABLE clients (
    id                        text COLLATE "C" PRIMARY KEY,
    name                      text NOT NULL,
    auth_method               text NOT NULL,
    redirect_uris             jsonb NOT NULL,
    post_logout_redirect_uris jsonb NOT NULL,
    grant_types               jsonb NOT NULL,
    scopes                    jsonb NOT NULL,
    secrets                   jsonb NOT NULL, -- SHA-256 digests
    resource_server           boolean NOT NULL,
    skip_consent              boolean NOT NULL,
    require_pkce              boolean NOT NULL,
    disabled                  boolean NOT NULL,
    id_token_alg              text NOT NULL,
    client_uri                text NOT NULL,
    policy_uri                text NOT NULL,
    tos_uri                   text NOT NULL,
    tokens_not_before         timestamptz,
    created_at                timestamptz NOT NULL,
    updated_at                timestamptz NOT NULL
);

CREATE TABLE consents (
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    client_id  text COLLATE "C" NOT NULL REFERENCES clients ON DELETE CASCADE,
    scopes     jsonb NOT NULL,
    granted_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, client_id)
);
CREATE INDEX consents_client ON consents (client_id);

CREATE TABLE signing_keys (
    kid         text COLLATE "C" PRIMARY KEY,
    alg         text NOT NULL,
    predecessor text COLLATE "C" NOT NULL, -- '' for the first of its algorithm
    sealed      bytea NOT NULL,            -- empty once the key has retired
    sealed_by   text NOT NULL,
    public_jwk  json NOT NULL,
    created_at  timestamptz NOT NULL,
    activate_at timestamptz,
    CONSTRAINT signing_keys_predecessor_key UNIQUE (alg, predecessor)
);

-- What expires names users and clients without a foreign key: the same records
-- may lie in Redis instead, and a row that outlives its user is dead anyhow.
-- Opaque values are json, not jsonb: kept as they came, \u0000 included.

CREATE TABLE grants (
    id                 text COLLATE "C" PRIMARY KEY,
    state              text NOT NULL CHECK (state IN ('code', 'active')),
    client_id          text NOT NULL,
    user_id            text COLLATE "C" NOT NULL, -- '' for client_credentials
    session_id         text COLLATE "C" NOT NULL, -- '' without a browser session
    scope              text NOT NULL,
    generation         bigint NOT NULL,
    offline            boolean NOT NULL,
    created_at         timestamptz NOT NULL,
    expires_at         timestamptz NOT NULL,
    rotated_at         timestamptz,
    refresh_expires_at timestamptz,
    code               json NOT NULL,
    facts              json NOT NULL,
    denied             jsonb NOT NULL DEFAULT '[]'
) WITH (fillfactor = 85); -- room for rotations on the same page
CREATE INDEX grants_user ON grants (user_id) WHERE user_id <> '';
CREATE INDEX grants_session ON grants (session_id) WHERE session_id <> '';
CREATE INDEX grants_expiry ON grants (expires_at);

CREATE TABLE sessions (
    digest          text COLLATE "C" PRIMARY KEY,
    id              text NOT NULL,
    user_id         text COLLATE "C" NOT NULL,
    auth_time       timestamptz NOT NULL,
    facts           json NOT NULL,
    created_at      timestamptz NOT NULL,
    last_seen_at    timestamptz NOT NULL,
    idle_expires_at timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL GENERATED ALWAYS AS (least(idle_expires_at, expires_at)) STORED
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_end ON sessions (ends_at);

CREATE TABLE interactions (
    id         text COLLATE "C" PRIMARY KEY,
    version    bigint NOT NULL,
    data       json NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX interactions_expiry ON interactions (expires_at);

CREATE TABLE throttles (
    key        text COLLATE "C" PRIMARY KEY,
    count      bigint NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX throttles_expiry ON throttles (expires_at);
