-- What was made for an account's request_id, so that the same request makes it once. Kept for a while.
CREATE TABLE requests (
    account_id uuid NOT NULL,
    request_id uuid NOT NULL,
    -- SHA-256 of the request's content.
    content bytea NOT NULL,
    -- Id of what was made.
    result_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, request_id)
);

CREATE INDEX requests_by_age ON requests (created_at);
