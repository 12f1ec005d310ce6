-- How often something was done lately, per address or network: a leaky bucket (GCRA) in one row.
-- The subject is a keyed hash, so that the table tells nothing about anybody.
CREATE TABLE throttles (
    subject  bytea       PRIMARY KEY CHECK (length(subject) = 32),
    -- When the bucket is empty again; the row is of no use after that.
    empty_at timestamptz NOT NULL
);

CREATE INDEX throttles_empty_at ON throttles (empty_at);
