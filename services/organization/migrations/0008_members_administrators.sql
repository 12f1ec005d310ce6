-- no-transaction
-- Who administers an organization is asked in pages, for mails to all of them: few among many members.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY members_administrators ON members (organization_id, account_id)
    WHERE role = 'administrator' AND NOT suspended;
