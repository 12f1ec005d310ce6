-- A link "This was not me" (ACC-10) asks about one session, and takes back what that one did: an older link no longer
-- undoes the way back, nor what the owner added since. So whatever a link may take back says which session it is of. There
-- is no reference: a session is forgotten a day after its end. NULL: of the version before, which went by the time alone.
ALTER TABLE login_alerts
    ADD COLUMN session_id uuid,
    -- The account's address when the link was made: its mail goes there, whatever was changed since. NULL: the account's.
    ADD COLUMN email      text,
    ADD COLUMN email_key  text,
    -- What was done from then on is the owner's, who has used another link. NULL: nobody has.
    ADD COLUMN until      timestamptz;

CREATE INDEX login_alerts_session ON login_alerts (session_id);

ALTER TABLE authenticators ADD COLUMN session_id uuid;
ALTER TABLE security_keys ADD COLUMN session_id uuid;
ALTER TABLE recovery_codes ADD COLUMN session_id uuid;

ALTER TABLE email_changes
    -- The link in the notice to the address before.
    ADD COLUMN login_alert_id uuid,
    -- It is the way back, which no link undoes: it led to whoever had the address first.
    ADD COLUMN back           boolean NOT NULL DEFAULT false;
