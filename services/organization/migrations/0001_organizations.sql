-- Organizations, the Spaces of their products, members and what members may use.
--
-- Words (role, product, state) are text with a CHECK: adding one is a constraint to widen, not a type
-- to alter. Keys that lists are sorted and searched by have the collation "C", so that the order is the
-- same on every machine and a prefix is a range of the index.

CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    -- `name` as it is sorted by: NFKC, lower case.
    name_key text COLLATE "C" NOT NULL,
    -- ORG-2
    space_key text COLLATE "C" NOT NULL CONSTRAINT organizations_space_key UNIQUE,
    created_at timestamptz NOT NULL
);

-- ORG-14: a product of an organization has a Space.
CREATE TABLE spaces (
    organization_id uuid NOT NULL REFERENCES organizations,
    product text NOT NULL CHECK (product IN ('backlog', 'cacoo', 'typetalk')),
    space_id text COLLATE "C" NOT NULL CHECK (space_id ~ '^[a-z0-9-]{3,10}$'),
    plan text NOT NULL,
    -- A trial that is past its end stays 'trial' here: the clock says that it has ended.
    state text NOT NULL CHECK (state IN ('trial', 'active', 'ended')),
    trial_ends_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    -- ORG-1: one trial a product and organization.
    CONSTRAINT spaces_one_trial PRIMARY KEY (organization_id, product),
    CONSTRAINT spaces_space_id UNIQUE (product, space_id)
);

CREATE TABLE members (
    organization_id uuid NOT NULL REFERENCES organizations,
    account_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('nulab', 'managed')),
    role text NOT NULL CHECK (role IN ('administrator', 'member', 'guest')),
    privileges text[] NOT NULL DEFAULT '{}'
        CHECK (privileges <@ ARRAY['plan_admin', 'audit_log_admin', 'invite']),
    joined_at timestamptz NOT NULL,
    -- A copy of identity's directory, for search; see directory_refreshes.
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    email text NOT NULL,
    email_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, account_id),
    -- ORG-4: which role may have which privilege.
    CONSTRAINT members_privileges CHECK (
        CASE role
            WHEN 'administrator' THEN NOT 'invite' = ANY (privileges)
            WHEN 'guest' THEN privileges = '{}'
            ELSE true
        END
    )
);

CREATE INDEX members_by_account ON members (account_id, joined_at, organization_id);
CREATE INDEX members_by_name ON members (organization_id, name_key, account_id);
CREATE INDEX members_by_email ON members (organization_id, email_key);

-- ORG-9: every member may use every product; a row here takes one away.
CREATE TABLE products_off (
    organization_id uuid NOT NULL,
    account_id uuid NOT NULL,
    product text NOT NULL CHECK (product IN ('backlog', 'cacoo', 'typetalk')),
    PRIMARY KEY (organization_id, account_id, product),
    FOREIGN KEY (organization_id, account_id) REFERENCES members ON DELETE CASCADE
);

-- Accounts whose copy in `members` may be out of date. `mark` is another at each change, so that a
-- refresh that was overtaken by a newer change writes nothing.
CREATE TABLE directory_refreshes (
    account_id uuid PRIMARY KEY,
    mark uuid NOT NULL
);
