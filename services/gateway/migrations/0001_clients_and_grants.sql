-- Relying parties and what they are given. Secrets, codes and refresh tokens are kept as SHA-256
-- only: who reads this database can't act as anybody.

CREATE TABLE clients (
    client_id               text PRIMARY KEY CHECK (client_id ~ '^[a-z0-9-]{1,64}$'),
    name                    text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    -- Audience of its access tokens: "pass" for the console, else the product's name in the mesh.
    audience                text NOT NULL CHECK (length(audience) BETWEEN 1 AND 64),
    -- A confidential client has a secret; a public one is known by its redirect URIs and PKCE alone.
    confidential            boolean NOT NULL,
    redirect_uris           text[] NOT NULL CHECK (cardinality(redirect_uris) BETWEEN 1 AND 20),
    post_logout_uris        text[] NOT NULL CHECK (cardinality(post_logout_uris) <= 20),
    back_channel_logout_uri text,
    create_time             timestamptz NOT NULL
);

-- Two at a time, so that a secret can be exchanged without an outage (position 0 and 1).
CREATE TABLE client_secrets (
    client_id   text NOT NULL REFERENCES clients ON DELETE CASCADE,
    position    smallint NOT NULL CHECK (position IN (0, 1)),
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    create_time timestamptz NOT NULL,
    PRIMARY KEY (client_id, position)
);

-- An authorization request that waits for somebody to sign in: what to do after login. The page
-- knows it by its id, never by a URL to return to.
CREATE TABLE flows (
    flow_id         uuid PRIMARY KEY,
    client_id       text NOT NULL REFERENCES clients ON DELETE CASCADE,
    redirect_uri    text NOT NULL,
    scope           text NOT NULL,
    state           text,
    nonce           text,
    code_challenge  text NOT NULL,
    organization_id uuid,
    max_age_seconds bigint CHECK (max_age_seconds >= 0),
    -- prompt=login: only a session that began after the request will do.
    login_required  boolean NOT NULL,
    login_hint      text,
    ui_locales      text,
    create_time     timestamptz NOT NULL,
    expire_time     timestamptz NOT NULL
);
CREATE INDEX flows_by_end ON flows (expire_time);

-- All refresh tokens that came of one code, one after the other. The family is the grant: it is
-- also how the gateway knows which clients got tokens in a session.
CREATE TABLE refresh_families (
    family_id        uuid PRIMARY KEY,
    client_id        text NOT NULL REFERENCES clients ON DELETE CASCADE,
    account_id       uuid NOT NULL,
    session_id       uuid NOT NULL,
    organization_id  uuid,
    scope            text NOT NULL,
    auth_time        timestamptz NOT NULL,
    create_time      timestamptz NOT NULL,
    idle_expire_time timestamptz NOT NULL,
    expire_time      timestamptz NOT NULL,
    revoke_time      timestamptz,
    -- session_ended · reused · code_replayed · client
    revoke_cause     text,
    CHECK ((revoke_time IS NULL) = (revoke_cause IS NULL))
);
CREATE INDEX refresh_families_by_session ON refresh_families (session_id);
CREATE INDEX refresh_families_by_end ON refresh_families (expire_time);

CREATE TABLE refresh_tokens (
    token_hash  bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    family_id   uuid NOT NULL REFERENCES refresh_families ON DELETE CASCADE,
    -- 0, 1, 2, …: each rotation is the next one, and happens once.
    generation  integer NOT NULL CHECK (generation >= 0),
    create_time timestamptz NOT NULL,
    -- When its successor took over; the newest has none.
    rotate_time timestamptz,
    UNIQUE (family_id, generation)
);

-- Authorization codes, kept beyond their minute so that a second use is noticed.
CREATE TABLE codes (
    code_hash       bytea PRIMARY KEY CHECK (length(code_hash) = 32),
    client_id       text NOT NULL REFERENCES clients ON DELETE CASCADE,
    redirect_uri    text NOT NULL,
    code_challenge  text NOT NULL,
    account_id      uuid NOT NULL,
    session_id      uuid NOT NULL,
    organization_id uuid,
    scope           text NOT NULL,
    nonce           text,
    auth_time       timestamptz NOT NULL,
    create_time     timestamptz NOT NULL,
    expire_time     timestamptz NOT NULL,
    redeem_time     timestamptz,
    -- What it gave. The row follows a moment later, in the same transaction.
    family_id       uuid,
    CHECK ((redeem_time IS NULL) = (family_id IS NULL))
);
CREATE INDEX codes_by_session ON codes (session_id);
CREATE INDEX codes_by_end ON codes (expire_time);
