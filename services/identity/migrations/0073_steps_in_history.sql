-- A right password whose second factor does not follow is a try that the owner wants to see (ACC-11): it is in the login
-- history from the beginning of the step, and out of it again when the step is done.
ALTER TABLE second_steps ADD COLUMN history_id uuid;
