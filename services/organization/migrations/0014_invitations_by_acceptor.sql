-- no-transaction
-- Who deletes an account takes the invitations along that it has accepted, under whatever address.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY invitations_by_acceptor ON invitations (accepted_by) WHERE accepted_by IS NOT NULL;
