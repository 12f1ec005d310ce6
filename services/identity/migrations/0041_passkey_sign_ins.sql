-- A passkey signs in alone, until the password is reset or a sign-in disowned: whoever added it may be whom that keeps
-- out. Once it was shown with the new password, it does again.
ALTER TABLE security_keys ADD COLUMN signs_in boolean NOT NULL DEFAULT true;

-- Challenges for a sign-in with a passkey alone (ACC-9): whose it is, only the answer says.
CREATE TABLE passkey_sign_ins (
    -- Of what the browser keeps.
    token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    -- As webauthn-rs writes it (JSON); for one answer.
    challenge  text        NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX passkey_sign_ins_expires_at ON passkey_sign_ins (expires_at);
