-- Nulab Accounts whose owners want them deleted (ACC-13). Organization decides, so the wish is written down before it is
-- asked, under a number that grows with each (attempt), and is held by one worker until its lease is over; a job takes
-- over what was left then. Refused, the row stays for its number, with nobody working on it; granted, it goes with the
-- account.
CREATE TABLE account_deletions (
    account_id  uuid        PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    -- Of the latest wish; organization refuses what is older.
    attempt     integer     NOT NULL CHECK (attempt >= 1),
    -- Who is carrying it through, and until when nobody else may take that over. NULL: it was refused.
    worker      uuid,
    lease_until timestamptz,
    CHECK ((worker IS NULL) = (lease_until IS NULL))
);

CREATE INDEX account_deletions_lease_until ON account_deletions (lease_until) WHERE lease_until IS NOT NULL;
