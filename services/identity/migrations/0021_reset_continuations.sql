-- What the gateway wants back when a reset's password is set: the sign-in that its person was about to make (ACC-8).
ALTER TABLE password_resets ADD COLUMN continuation text NOT NULL DEFAULT '';
