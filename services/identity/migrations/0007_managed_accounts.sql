-- Accounts that one organization owns (MAN): where each stands, beside its row in `accounts`. A change
-- spans billing and organization, so it is written down before it begins, under the account's id and a
-- number that grows with each (attempt), and is held by one worker until its lease is over; a job takes
-- over what was left then.
CREATE TABLE managed_accounts (
    account_id      uuid        PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    organization_id uuid        NOT NULL,
    -- Of the address: lower-case A-labels, as domain-verification compares them (DOM-6).
    domain          text        NOT NULL,
    state           text        NOT NULL CHECK
        (state IN ('provisioning', 'invited', 'active', 'suspending', 'suspended', 'resuming', 'deleting')),
    -- Of the latest change; billing and organization refuse what is older.
    attempt         integer     NOT NULL CHECK (attempt >= 1),
    -- When the first sign-in was (MAN-2), and since when it is suspended (MAN-5): where it stands when
    -- nothing is under way.
    activated_at    timestamptz,
    suspended_at    timestamptz,
    -- How often it was invited, and until when the latest link works.
    invitation      integer     NOT NULL CHECK (invitation >= 1),
    invitation_expires_at timestamptz NOT NULL,
    -- Which request made it, so that the same one makes it once.
    requested_by    uuid        NOT NULL,
    request_id      uuid        NOT NULL,
    request_content bytea       NOT NULL CHECK (length(request_content) = 32),
    -- Who is changing it, and until when nobody else may take that over.
    worker          uuid,
    lease_until     timestamptz,
    CHECK ((worker IS NULL) = (lease_until IS NULL)),
    -- What is half-way has somebody who finishes it.
    CHECK (state IN ('invited', 'active', 'suspended') OR worker IS NOT NULL)
);

CREATE UNIQUE INDEX managed_accounts_request ON managed_accounts (requested_by, request_id);
CREATE INDEX managed_accounts_domain ON managed_accounts (organization_id, domain);
CREATE INDEX managed_accounts_lease_until ON managed_accounts (lease_until) WHERE lease_until IS NOT NULL;

-- Managed Accounts that were deleted lately: nothing but ids, so that deleting one again does nothing
-- instead of failing.
CREATE TABLE deleted_managed_accounts (
    account_id      uuid        PRIMARY KEY,
    organization_id uuid        NOT NULL,
    deleted_at      timestamptz NOT NULL
);

CREATE INDEX deleted_managed_accounts_deleted_at ON deleted_managed_accounts (deleted_at);
