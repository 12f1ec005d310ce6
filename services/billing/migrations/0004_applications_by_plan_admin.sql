-- no-transaction
-- Who deletes an account takes along what names them as Plan Admin.
--
-- Made while everybody works on. Should it fail, it leaves an index that is not valid: drop that, then
-- migrate again.

CREATE INDEX CONCURRENTLY applications_by_plan_admin ON applications (plan_admin_id)
    WHERE plan_admin_id IS NOT NULL;
