-- no-transaction
-- One organization owns a Managed Account.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE UNIQUE INDEX CONCURRENTLY members_managed_once ON members (account_id) WHERE kind = 'managed';
