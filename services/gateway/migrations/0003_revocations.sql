-- What ends access: not-before rows, streamed to every process, and the logout tokens that clients
-- are due.

CREATE TABLE revocations (
    revocation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- session · account · managed_accounts · membership ("<account>/<organization>")
    subject_kind  text NOT NULL CHECK (subject_kind IN ('session', 'account', 'managed_accounts', 'membership')),
    subject       text NOT NULL,
    not_before    timestamptz NOT NULL,
    create_time   timestamptz NOT NULL,
    -- When no token issued before not_before is alive any more.
    expire_time   timestamptz NOT NULL
);
CREATE INDEX revocations_by_subject ON revocations (subject_kind, subject);
CREATE INDEX revocations_by_end ON revocations (expire_time);

CREATE TABLE back_channel_logouts (
    logout_id         uuid PRIMARY KEY,
    client_id         text NOT NULL REFERENCES clients ON DELETE CASCADE,
    account_id        uuid NOT NULL,
    session_id        uuid NOT NULL,
    create_time       timestamptz NOT NULL,
    attempts          integer NOT NULL DEFAULT 0,
    -- When to try, or, while somebody tries, when to think that they died.
    next_attempt_time timestamptz NOT NULL,
    settle_time       timestamptz,
    delivered         boolean,
    UNIQUE (client_id, session_id),
    CHECK ((settle_time IS NULL) = (delivered IS NULL))
);
CREATE INDEX back_channel_logouts_due ON back_channel_logouts (next_attempt_time) WHERE settle_time IS NULL;
