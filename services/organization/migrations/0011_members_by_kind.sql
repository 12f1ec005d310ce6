-- no-transaction
-- Members are listed by kind of account (ORG-12, SML-10): a few Managed Accounts among many members are a
-- range of their own.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY members_by_kind ON members (organization_id, kind, name_key, account_id);
