-- no-transaction
-- The job that forgets invitations looks for those that closed first.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY invitations_closed ON invitations (coalesce(closed_at, expires_at))
    WHERE state <> 'open';
