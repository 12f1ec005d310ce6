-- Tries to sign in to an account, for its owner to see (ACC-11); pruned by a job after 13 months.
-- The reference is checked at commit: for an unknown address the service writes a row too and takes
-- it back before the commit, so that a refusal takes as long whether or not the account exists (ACC-8).
CREATE TABLE login_history (
    id         uuid        PRIMARY KEY,
    account_id uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    at         timestamptz NOT NULL,
    address    text        NOT NULL,
    user_agent text        NOT NULL,
    -- RFC 8176: "pwd", ...
    method     text        NOT NULL,
    -- The refusal's reason (pass.errors.v1.ErrorReason without prefix); NULL: signed in.
    refused    text
);

CREATE INDEX login_history_account ON login_history (account_id, id);
CREATE INDEX login_history_at ON login_history (at);
