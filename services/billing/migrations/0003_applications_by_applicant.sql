-- no-transaction
-- Who deletes an account takes the contact names of their applications along.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY applications_by_applicant ON applications (applied_by);
