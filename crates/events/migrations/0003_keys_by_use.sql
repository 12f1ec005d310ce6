-- no-transaction
-- What the pruning looks for. Built beside the work that goes on: each change waits for this table. Should that fail,
-- drop what is left of it and migrate again.
CREATE INDEX CONCURRENTLY outbox_keys_used ON outbox_keys (used_at) WHERE used_at IS NOT NULL;
