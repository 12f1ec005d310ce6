-- Organization IDs (ORG-3), those that were given up included: one that an organization ever had is never
-- another's, so rows are never deleted.

CREATE TABLE organization_handles (
    handle text COLLATE "C" PRIMARY KEY CHECK (handle ~ '^[a-z0-9][a-z0-9-]{1,18}[a-z0-9]$'),
    organization_id uuid NOT NULL REFERENCES organizations,
    -- In use; the others are its history.
    current boolean NOT NULL,
    first_taken_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX organization_handles_one_current ON organization_handles (organization_id) WHERE current;

-- How many an organization has had is counted before it takes another.
CREATE INDEX organization_handles_by_organization ON organization_handles (organization_id);
