-- What was refused to people who did not prove who they are is told once a minute with its number (AUD-1), and not one by
-- one: tries to sign in that were not looked at, because too many were wrong before, and what needs no account. Tries
-- are counted for addresses without an account too, so that counting takes as long.
CREATE TABLE refused_tries (
    -- What it is counted by: the account or the address that was tried, or the network. A keyed hash.
    subject    bytea       NOT NULL CHECK (length(subject) = 32),
    attempt    text        NOT NULL,
    reason     text        NOT NULL,
    -- The minute's beginning.
    minute     timestamptz NOT NULL,
    -- Whose account it is about. No reference: who counts does not wait for whoever changes or deletes the account.
    account_id uuid,
    refused    integer     NOT NULL,
    PRIMARY KEY (subject, attempt, reason, minute)
);

CREATE INDEX refused_tries_minute ON refused_tries (minute);
