-- Wishes for an account that is not one yet (ACC-1). A row lives from the request until its link is
-- used or expires. The address is not unique here, so that nobody can squat one.
CREATE TABLE sign_ups (
    id           uuid        PRIMARY KEY,
    name         text        NOT NULL,
    email        text        NOT NULL,
    email_key    text        NOT NULL,
    language     text        NOT NULL CHECK (language IN ('en', 'ja')),
    time_zone    text        NOT NULL,
    continuation text        NOT NULL,
    expires_at   timestamptz NOT NULL
);

CREATE INDEX sign_ups_expires_at ON sign_ups (expires_at);
