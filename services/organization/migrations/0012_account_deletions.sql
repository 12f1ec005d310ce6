-- What was decided about accounts whose owners want them deleted (ACC-13): ids only.
--
-- An account that was let go becomes a member of nothing any more, however late a call for it comes. One that was not
-- is remembered too, so that a call that was on its way for too long does not erase what its owner has kept. Kept for
-- longer than any call can take.
CREATE TABLE account_deletions (
    account_id uuid        PRIMARY KEY,
    -- Identity's number of the wish that was decided last.
    attempt    integer     NOT NULL CHECK (attempt > 0),
    -- The organizations that need the account; none: it was let go.
    needed_by  uuid[]      NOT NULL,
    decided_at timestamptz NOT NULL
);

CREATE INDEX account_deletions_by_age ON account_deletions (decided_at);
