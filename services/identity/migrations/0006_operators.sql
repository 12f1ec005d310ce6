-- Staff of the company that runs the suite: Nulab Accounts that `pass operator add` named. A token says
-- so only while the row is there.
CREATE TABLE operators (
    account_id uuid        PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    added_at   timestamptz NOT NULL
);
