-- Second factors (ACC-9). A Nulab Account has them, a Managed Account's are its identity provider's (MAN-6).

-- When a second factor was shown in the session last: what changes second factors wants a fresh one.
ALTER TABLE sessions ADD COLUMN second_factor_at timestamptz;

-- Authenticator apps (TOTP, RFC 6238); an account has one. The secret is sealed, with the name of the key that
-- sealed it.
CREATE TABLE authenticators (
    account_id   uuid        PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    sealed       bytea       NOT NULL,
    sealed_by    text        NOT NULL,
    -- The time step of the last code that was used: that one and older ones are of no use any more.
    last_step    bigint      NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz
);

-- Secrets that no code has confirmed yet: one of a session, which alone may confirm it.
CREATE TABLE authenticator_drafts (
    session_id uuid        PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
    sealed     bytea       NOT NULL,
    sealed_by  text        NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX authenticator_drafts_expires_at ON authenticator_drafts (expires_at);

-- Security keys and passkeys (WebAuthn).
CREATE TABLE security_keys (
    id            uuid        PRIMARY KEY,
    account_id    uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    credential_id bytea       NOT NULL,
    -- Public key, signature counter and flags, as webauthn-rs writes them (JSON).
    credential    text        NOT NULL,
    -- The counter again: a use must raise it, in one statement.
    counter       bigint      NOT NULL CHECK (counter >= 0),
    name          text        NOT NULL,
    passkey       boolean     NOT NULL,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz
);

-- A credential is one account's. The service maps this index to an error by its name.
CREATE UNIQUE INDEX security_keys_credential_id ON security_keys (credential_id);
CREATE INDEX security_keys_account ON security_keys (account_id, id);

-- Challenges for a new key: one of a session, for one answer.
CREATE TABLE key_challenges (
    session_id uuid        PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
    -- As webauthn-rs writes it (JSON).
    state      text        NOT NULL,
    passkey    boolean     NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX key_challenges_expires_at ON key_challenges (expires_at);

-- Recovery codes that were not used. SHA-256 of account and code, which has 120 random bits.
CREATE TABLE recovery_codes (
    account_id uuid  NOT NULL REFERENCES accounts ON DELETE CASCADE,
    code_hash  bytea NOT NULL CHECK (length(code_hash) = 32),
    PRIMARY KEY (account_id, code_hash)
);

-- Sign-ins whose password was right, and sessions, that a second factor is to be shown for.
CREATE TABLE second_steps (
    -- Of what the browser keeps.
    token_hash    bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    account_id    uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    -- NULL: a sign-in.
    session_id    uuid        REFERENCES sessions ON DELETE CASCADE,
    -- Of a sign-in: SHA-256 of the password's hash. With another password nobody goes on.
    password_hash bytea       CHECK (length(password_hash) = 32),
    tries_left    integer     NOT NULL CHECK (tries_left >= 0),
    -- A challenge for the account's keys, until it is answered: as webauthn-rs writes it (JSON).
    challenge     text,
    expires_at    timestamptz NOT NULL,
    CHECK ((session_id IS NULL) = (password_hash IS NOT NULL))
);

CREATE INDEX second_steps_account ON second_steps (account_id);
CREATE INDEX second_steps_session ON second_steps (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX second_steps_expires_at ON second_steps (expires_at);
