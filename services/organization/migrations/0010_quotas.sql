-- How often something was done on a day (UTC): invitation mails, changes of Organization IDs, new teams.
--
-- It takes the place of invitation_mails, which programs of the version before still count in; a later
-- migration drops that table. Today's count is taken along.

CREATE TABLE quotas (
    -- What is counted, and whose: 'invitation_mails/organization'.
    name text COLLATE "C" NOT NULL,
    -- The organization or account.
    id uuid NOT NULL,
    day date NOT NULL,
    taken integer NOT NULL CHECK (taken > 0),
    PRIMARY KEY (name, id, day)
);

-- Old days are forgotten.
CREATE INDEX quotas_by_day ON quotas (day);

INSERT INTO quotas (name, id, day, taken)
SELECT 'invitation_mails/' || subject, id, day, mails FROM invitation_mails;
