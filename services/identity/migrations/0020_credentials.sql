-- Wishes for another password (ACC-8). A row lives from the request until its link is used or expires. It is of an
-- address and not of an account: one is written whether or not the address has an account, so that the request takes
-- as long, and a link is of no use once the account has another address.
CREATE TABLE password_resets (
    id         uuid        PRIMARY KEY,
    email      text        NOT NULL,
    email_key  text        NOT NULL,
    language   text        NOT NULL CHECK (language IN ('en', 'ja')),
    expires_at timestamptz NOT NULL
);

CREATE INDEX password_resets_email_key ON password_resets (email_key);
CREATE INDEX password_resets_expires_at ON password_resets (expires_at);

-- Wishes for another address (ACC-7). The address is not unique here, so that nobody can squat one.
CREATE TABLE email_changes (
    id         uuid        PRIMARY KEY,
    account_id uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    email      text        NOT NULL,
    -- When the link stops to work; of a change that was made: when nobody is to be told of it any more.
    expires_at timestamptz NOT NULL,
    -- Of a change that was made: the address before, which is told of it.
    old_email  text
);

-- An account has one open wish: the latest.
CREATE UNIQUE INDEX email_changes_open ON email_changes (account_id) WHERE old_email IS NULL;
CREATE INDEX email_changes_account ON email_changes (account_id);
CREATE INDEX email_changes_expires_at ON email_changes (expires_at);
