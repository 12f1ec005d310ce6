-- Keys of sessions and sign-ups are used for hours and would be remembered for ever. They are forgotten 30
-- days after they were last used. Keys that stay (accounts, organizations, …) have NULL here: a column that changed
-- with each of their events would cost more, being in an index. What was written before this migration has NULL too, and stays.
ALTER TABLE outbox_keys ADD COLUMN used_at timestamptz;
