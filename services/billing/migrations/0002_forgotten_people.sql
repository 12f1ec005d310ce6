-- People who delete their accounts (ACC-13). Applications stay, without the name and the address of who is gone: NULL.
ALTER TABLE applications
    ALTER COLUMN contact_name DROP NOT NULL,
    ALTER COLUMN plan_admin_email DROP NOT NULL,
    -- Whose address it is: the person may have another one by the time that it is to be erased. NULL in what the version
    -- before has written; there the address itself is compared.
    ADD COLUMN plan_admin_id uuid;

-- Who was forgotten: an application that was on its way meanwhile is refused. Ids only, kept for longer than any call
-- can take.
CREATE TABLE forgotten_people (
    account_id   uuid        PRIMARY KEY,
    forgotten_at timestamptz NOT NULL
);

CREATE INDEX forgotten_people_by_age ON forgotten_people (forgotten_at);
