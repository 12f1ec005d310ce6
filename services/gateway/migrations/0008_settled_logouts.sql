-- no-transaction
-- Closed logouts are deleted by when they were closed; without this each pruning reads the whole table. Built beside
-- the work that goes on, so the table is never locked. Should that fail, drop what is left of it and migrate again.
CREATE INDEX CONCURRENTLY back_channel_logouts_by_settlement ON back_channel_logouts (settle_time)
    WHERE settle_time IS NOT NULL;
