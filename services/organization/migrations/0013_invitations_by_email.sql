-- no-transaction
-- Who deletes an account takes the invitations of its address along, in whatever organization.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY invitations_by_email ON invitations (email_key);
