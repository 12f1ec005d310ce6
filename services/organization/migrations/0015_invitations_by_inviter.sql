-- no-transaction
-- Who deletes an account takes the messages along that they wrote to the people whom they invited.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY invitations_by_inviter ON invitations (invited_by) WHERE message <> '';
