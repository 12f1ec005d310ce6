-- Browsers that are signed in (ACC-12). The token that the browser keeps is stored as its SHA-256.
-- An ended session stays for a while, so that ending it once more does nothing instead of failing.
CREATE TABLE sessions (
    id           uuid        PRIMARY KEY,
    account_id   uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    token_hash   bytea       NOT NULL CHECK (length(token_hash) = 32),
    methods      text[]      NOT NULL,
    address      text        NOT NULL,
    user_agent   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    -- The absolute end. The idle one follows from last_used_at and the configuration.
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz
);

CREATE UNIQUE INDEX sessions_token_hash ON sessions (token_hash);
-- An account's sessions, latest first: ids are UUIDv7.
CREATE INDEX sessions_account ON sessions (account_id, id) WHERE ended_at IS NULL;
-- What the jobs look for.
CREATE INDEX sessions_last_used_at ON sessions (last_used_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_expires_at ON sessions (expires_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended_at ON sessions (ended_at);
