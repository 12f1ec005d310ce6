-- What was made for an account's request_id, so that the same request makes it once: the inbox of calls. Kept for
-- 30 days. Services that had this table of their own before keep it and its rows.
CREATE TABLE IF NOT EXISTS requests (
    account_id uuid NOT NULL,
    request_id uuid NOT NULL,
    -- SHA-256 of the request's content.
    content bytea NOT NULL,
    -- Id of what was made.
    result_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, request_id)
);

CREATE INDEX IF NOT EXISTS requests_by_age ON requests (created_at);
