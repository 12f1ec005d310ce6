-- To whom the mail goes that tells an owner that their account was deleted (ACC-13): by then there is no account to ask.
-- A row is written in the transaction that erases the account, has no name, and goes an hour later, whether the mail
-- was sent or not: long enough for a mail server that asks for a second try.
CREATE TABLE farewells (
    -- The account's, which is gone.
    account_id uuid        PRIMARY KEY,
    email      text        NOT NULL,
    language   text        NOT NULL,
    time_zone  text        NOT NULL,
    deleted_at timestamptz NOT NULL
);

CREATE INDEX farewells_by_age ON farewells (deleted_at);
