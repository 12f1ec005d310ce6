-- What happened to the safety of an account, for its owner to see (ACC-11): written in the transaction
-- of the change itself, pruned by a job after 13 months. It goes with the account. The reference is
-- checked at commit for the reason that login_history's is (ACC-8).
CREATE TABLE security_events (
    id         uuid        PRIMARY KEY,
    account_id uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    at         timestamptz NOT NULL,
    -- crate::domain::security_event::Kind.
    kind       text        NOT NULL,
    address    text        NOT NULL,
    user_agent text        NOT NULL,
    -- What it was about, in the owner's own words: the name of a key, of a space. Never a secret.
    detail     text        NOT NULL DEFAULT ''
);

-- An account's, latest first: ids are UUIDv7.
CREATE INDEX security_events_account ON security_events (account_id, id);
CREATE INDEX security_events_at ON security_events (at);
