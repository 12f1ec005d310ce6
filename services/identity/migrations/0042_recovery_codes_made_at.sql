-- When recovery codes were made: "this was not me" takes those away that were made since the sign-in (ACC-10).
ALTER TABLE recovery_codes ADD COLUMN made_at timestamptz NOT NULL DEFAULT 'epoch';
ALTER TABLE recovery_codes ALTER COLUMN made_at DROP DEFAULT;
