-- Applications for Nulab Pass, the trials that came of them, and who has a seat.
--
-- Every table carries the organization, so that the database can be split by it. Organizations and
-- accounts belong to other services: their ids are facts here, not foreign keys.

CREATE TABLE applications (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    -- As the organization's was when it applied (ORG-2).
    space_key text COLLATE "C" NOT NULL,
    contact_name text NOT NULL,
    plan_admin_email text NOT NULL,
    company text NOT NULL,
    -- Of the mails about it.
    language text NOT NULL CHECK (language IN ('en', 'ja')),
    applied_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    -- The end of the third business day. Kept, so that a holiday that is configured later moves nothing.
    due_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'approved', 'rejected')),
    decided_at timestamptz,
    -- The operator's account.
    decided_by uuid,
    rejection_reason text CHECK (char_length(rejection_reason) BETWEEN 1 AND 500),
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((state = 'open') = (decided_by IS NULL)),
    CHECK ((state = 'rejected') = (rejection_reason IS NOT NULL))
);

-- BIL-1: one application at a time.
CREATE UNIQUE INDEX applications_one_open ON applications (organization_id) WHERE state = 'open';
CREATE INDEX applications_of ON applications (organization_id, id DESC);
CREATE INDEX applications_waiting ON applications (due_at, id) WHERE state = 'open';
CREATE INDEX applications_decided ON applications (decided_at DESC, id DESC) WHERE state <> 'open';

-- Nulab Pass of an organization. Its key is what makes it one trial an organization (BIL-1).
CREATE TABLE subscriptions (
    organization_id uuid PRIMARY KEY,
    application_id uuid NOT NULL UNIQUE REFERENCES applications,
    trial_started_at timestamptz NOT NULL,
    -- The clock ends the trial, no message does (BIL-6).
    trial_ends_at timestamptz NOT NULL,
    seats integer NOT NULL,
    -- How many rows of `seats` are taken. Whoever takes or frees one holds this row's lock (MAN-7).
    seats_used integer NOT NULL DEFAULT 0,
    -- The end was told to the other services, which happens once.
    end_told boolean NOT NULL DEFAULT false,
    CHECK (trial_ends_at > trial_started_at),
    CONSTRAINT subscriptions_seats CHECK (seats_used BETWEEN 0 AND seats)
);

CREATE INDEX subscriptions_ending ON subscriptions (trial_ends_at) WHERE NOT end_told;

-- The newest attempt that was seen of an account, and whether it left it with a seat. A freed row stays:
-- it is the tombstone that refuses a take that was on its way for too long.
CREATE TABLE seats (
    organization_id uuid NOT NULL,
    account_id uuid NOT NULL,
    -- 0 only within a transaction: the row is made to be locked before anything was seen.
    attempt integer NOT NULL CHECK (attempt >= 0),
    state text NOT NULL CHECK (state IN ('taken', 'freed')),
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, account_id)
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
