-- Invitations by mail (ORG-6), the limits on the mails they cause, and the names that callers gave to
-- their changes.

CREATE TABLE invitations (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    email text NOT NULL,
    email_key text COLLATE "C" NOT NULL,
    role text NOT NULL CHECK (role IN ('administrator', 'member', 'guest')),
    message text NOT NULL CHECK (char_length(message) <= 500),
    language text NOT NULL CHECK (language IN ('en', 'ja')),
    invited_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    -- 1, and one more at each resend; only the link of the latest attempt works.
    attempt integer NOT NULL CHECK (attempt > 0),
    -- Past its end an open one is expired by the clock; the job writes it down.
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'canceled', 'expired')),
    expires_at timestamptz NOT NULL,
    accepted_by uuid,
    CHECK ((state = 'accepted') = (accepted_by IS NOT NULL))
);

CREATE UNIQUE INDEX invitations_one_open ON invitations (organization_id, email_key) WHERE state = 'open';
CREATE INDEX invitations_listed ON invitations (organization_id, id DESC)
    WHERE state IN ('open', 'expired');
CREATE INDEX invitations_due ON invitations (expires_at) WHERE state = 'open';

-- How many mails an organization, and an account, has caused on a day (UTC).
CREATE TABLE invitation_mails (
    subject text NOT NULL CHECK (subject IN ('organization', 'account')),
    id uuid NOT NULL,
    day date NOT NULL,
    mails integer NOT NULL,
    PRIMARY KEY (subject, id, day)
);

-- What was made for an account's request_id, so that the same request makes it once. Kept for a while.
CREATE TABLE requests (
    account_id uuid NOT NULL,
    request_id uuid NOT NULL,
    -- SHA-256 of the request's content.
    content bytea NOT NULL,
    -- Id of what was made.
    result_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, request_id)
);

CREATE INDEX requests_by_age ON requests (created_at);
