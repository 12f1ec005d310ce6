-- no-transaction
-- The same, in what the version before has written, which knows Plan Admins by address only.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY applications_by_address ON applications (lower(plan_admin_email))
    WHERE plan_admin_id IS NULL AND plan_admin_email IS NOT NULL;
