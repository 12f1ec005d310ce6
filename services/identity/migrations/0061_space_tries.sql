-- Wrong passwords of one legacy space user, tried by one account (SPC-2): an exact count that ends, which a
-- leaky bucket (throttles) is not. A try is counted before the product is asked, so that no more than five are
-- under way at once in all replicas, and taken back when it was no wrong one.
-- The subject is a keyed hash, so that the table tells nothing about anybody.
CREATE TABLE space_tries (
    subject      bytea       PRIMARY KEY CHECK (length(subject) = 32),
    wrong        integer     NOT NULL CHECK (wrong BETWEEN 0 AND 5),
    last_at      timestamptz NOT NULL,
    locked_until timestamptz,
    CHECK ((wrong = 5) = (locked_until IS NOT NULL))
);

CREATE INDEX space_tries_last_at ON space_tries (last_at);
