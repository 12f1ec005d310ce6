-- Accounts of both kinds (ACC). What is unique in the whole suite is unique here, by constraint:
-- one address in at most one account of each kind (ACC-2), one unique ID whatever its case (ACC-4).
-- The service maps these indexes to errors by their names: renaming one is a change of code.
CREATE TABLE accounts (
    id            uuid        PRIMARY KEY,
    kind          text        NOT NULL CHECK (kind IN ('nulab', 'managed')),
    name          text        NOT NULL,
    -- As typed, for showing and mailing; email_key is what is compared (pass_types::Email::key).
    email         text        NOT NULL,
    email_key     text        NOT NULL,
    unique_id     text        NOT NULL,
    language      text        NOT NULL CHECK (language IN ('en', 'ja')),
    time_zone     text        NOT NULL,
    appearance    text        NOT NULL CHECK (appearance IN ('light', 'dark', 'system')),
    -- PHC string of Argon2id (ACC-6). A Managed Account has none: it signs in by SAML only.
    password_hash text        CHECK (kind = 'nulab' OR password_hash IS NULL),
    created_at    timestamptz NOT NULL,
    -- Counts the changes; the etag.
    version       bigint      NOT NULL DEFAULT 1
);

CREATE UNIQUE INDEX accounts_nulab_email ON accounts (email_key) WHERE kind = 'nulab';
CREATE UNIQUE INDEX accounts_managed_email ON accounts (email_key) WHERE kind = 'managed';
CREATE UNIQUE INDEX accounts_unique_id ON accounts (lower(unique_id));
