-- What a sign-in is compared with (ACC-10), and whom a stranger's wrong guesses do not lock out (ACC-14): the
-- browsers and coarse networks that an account was signed in to from. A browser is known by the SHA-256 of its
-- device cookie. At most 50 an account, pruned by a job 13 months after they were seen last.
CREATE TABLE known_devices (
    account_id    uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    device_hash   bytea       NOT NULL CHECK (length(device_hash) = 32),
    -- IPv4 /24, IPv6 /48.
    network       text        NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, device_hash, network)
);

CREATE INDEX known_devices_last_seen_at ON known_devices (last_seen_at);

-- Mails about sign-ins from something new: what their link "This was not me" is for. It works once, for 7 days.
CREATE TABLE login_alerts (
    id         uuid        PRIMARY KEY,
    account_id uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    at         timestamptz NOT NULL,
    user_agent text        NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX login_alerts_account ON login_alerts (account_id);
CREATE INDEX login_alerts_expires_at ON login_alerts (expires_at);

-- What owners chose; an account without a row has what is the default.
CREATE TABLE security_settings (
    account_id   uuid    PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    login_alerts boolean NOT NULL
);

-- What a sign-in was for (ACC-11), by the client's name at that time: clients come and go.
ALTER TABLE login_history ADD COLUMN product text NOT NULL DEFAULT '';
