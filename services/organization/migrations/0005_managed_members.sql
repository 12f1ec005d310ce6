-- Members that are Managed Accounts: suspended or not (MAN-5), and what identity's latest change of each was.

-- NOT VALID, so that nobody waits while all members are looked at: the next file does that.
ALTER TABLE members
    ADD COLUMN suspended boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT members_suspended CHECK (kind = 'managed' OR NOT suspended) NOT VALID;

-- The newest attempt at a change of each Managed Account, whether it found the member or not. It outlives
-- the member: a call that was on its way for too long is known by its attempt, and changes nothing.
CREATE TABLE managed_member_attempts (
    account_id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    attempt integer NOT NULL CHECK (attempt > 0),
    change text NOT NULL CHECK (change IN ('added', 'resumed', 'suspended', 'removed'))
);

-- Closed invitations are kept for 13 months. `closed_at` is of those that were accepted or canceled; an
-- expired one closed at its end, and so, nearly, did those that were closed before this column was there.
ALTER TABLE invitations ADD COLUMN closed_at timestamptz;
