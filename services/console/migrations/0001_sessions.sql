-- The console's own sessions: what it needs to act for a signed-in person, and nothing about the person.

-- Sign-ins that have begun and not come back yet. One row is redeemed once, by the browser that began it.
CREATE TABLE sign_ins (
    state_hash   bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    browser_hash bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
    -- Where to go afterwards: a path of the console's own (domain::Destination).
    destination  text NOT NULL,
    expire_time  timestamptz NOT NULL
);
CREATE INDEX sign_ins_expire_time ON sign_ins (expire_time);

CREATE TABLE sessions (
    -- Of the cookie's secret: who reads the table can't use it.
    cookie_hash        bytea PRIMARY KEY CHECK (octet_length(cookie_hash) = 32),
    -- The gateway's session (`sid`), which back-channel logout names.
    session_id         uuid NOT NULL,
    account_id         uuid NOT NULL,
    -- Access, refresh and ID token, sealed with a key that is not in the database; which key.
    tokens             bytea NOT NULL,
    sealed_by          text NOT NULL,
    access_expire_time timestamptz NOT NULL,
    -- Who refreshes the tokens has until then; NULL: nobody does.
    refresh_lease_time timestamptz,
    create_time        timestamptz NOT NULL,
    expire_time        timestamptz NOT NULL
);
CREATE INDEX sessions_session_id ON sessions (session_id);
CREATE INDEX sessions_account_id ON sessions (account_id);
CREATE INDEX sessions_expire_time ON sessions (expire_time);

-- Logout tokens that were obeyed, until they can't be believed any more: each takes effect once.
CREATE TABLE logout_tokens (
    jti         text PRIMARY KEY,
    expire_time timestamptz NOT NULL
);
CREATE INDEX logout_tokens_expire_time ON logout_tokens (expire_time);

-- Sessions of the gateway that ended while a sign-in from them may have been on its way.
CREATE TABLE ended_sessions (
    session_id  uuid PRIMARY KEY,
    expire_time timestamptz NOT NULL
);
CREATE INDEX ended_sessions_expire_time ON ended_sessions (expire_time);
