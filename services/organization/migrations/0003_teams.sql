-- Teams (ORG-8). A team's members are members of its organization, by two foreign keys that share the
-- organization, so that no row can join two customers.

CREATE TABLE teams (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL,
    -- `name` as it is compared and sorted by: NFKC, lower case.
    name_key text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    -- ORG-8: unique in the organization, whatever its case. Lists are in its order, too.
    CONSTRAINT teams_name UNIQUE (organization_id, name_key),
    CONSTRAINT teams_of_organization UNIQUE (organization_id, id)
);

CREATE TABLE team_members (
    organization_id uuid NOT NULL,
    team_id uuid NOT NULL,
    account_id uuid NOT NULL,
    administrator boolean NOT NULL,
    PRIMARY KEY (team_id, account_id),
    FOREIGN KEY (organization_id, team_id) REFERENCES teams (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, account_id) REFERENCES members ON DELETE CASCADE
);

CREATE INDEX team_members_by_account ON team_members (organization_id, account_id);
