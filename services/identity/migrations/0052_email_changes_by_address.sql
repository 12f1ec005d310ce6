-- Who deletes an account takes along what others have asked for with its address (ACC-13): another account's wish for
-- it, which nobody has confirmed. NULL in wishes from before, which live for a day.
ALTER TABLE email_changes ADD COLUMN email_key text;

CREATE INDEX email_changes_email_key ON email_changes (email_key) WHERE old_email IS NULL;
