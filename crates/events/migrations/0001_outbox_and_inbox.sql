-- Events that are to be told. A row is written in the transaction of the change that it tells of, and
-- is flagged when the broker has confirmed it. There is no cursor over position or time: a transaction
-- that commits late would be passed over.
CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL CONSTRAINT outbox_event UNIQUE,
    -- 0: revocations, which nothing else may delay; 1: the rest.
    lane smallint NOT NULL CONSTRAINT outbox_lane CHECK (lane IN (0, 1)),
    key text NOT NULL,
    sequence bigint NOT NULL,
    -- "<source>.<payload field name>", also the CloudEvents type.
    routing_key text NOT NULL,
    -- An encoded pass.events.v1.Envelope.
    envelope bytea NOT NULL,
    created_at timestamptz NOT NULL,
    published_at timestamptz,
    CONSTRAINT outbox_sequence UNIQUE (key, sequence)
);

-- What the relay looks for.
CREATE INDEX outbox_due ON outbox (lane, position) WHERE published_at IS NULL;
-- What the pruning looks for.
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

-- The last sequence of each key. Counting up locks the row until the change is committed, so that a
-- key's events are numbered without gaps and in the order of their commits.
CREATE TABLE outbox_keys (
    key text PRIMARY KEY,
    sequence bigint NOT NULL
);

-- Events that a consumer has taken, so that a duplicate does nothing.
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, event_id)
);

CREATE INDEX inbox_received ON inbox (consumer, received_at);

-- Up to where a state follows the events of a key; what is older than that is ignored.
CREATE TABLE inbox_positions (
    state text NOT NULL,
    source text NOT NULL,
    key text NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (state, source, key)
);
