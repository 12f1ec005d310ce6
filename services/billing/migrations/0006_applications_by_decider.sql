-- no-transaction
-- An operator who deletes their account takes along what they wrote to applicants.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY applications_by_decider ON applications (decided_by) WHERE state = 'rejected';
