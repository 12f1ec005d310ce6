-- Domains of organizations, what was removed lately, and how often look-ups were asked for.
--
-- Names are lower-case A-labels (DOM-4), compared byte by byte: collation "C". Organizations, accounts and
-- entitlements are other services'; there is nothing here to refer to.

-- One row an organization that ever added a domain: who adds one holds it, so that the limit holds.
CREATE TABLE organizations (
    id uuid PRIMARY KEY
);

CREATE TABLE domains (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    name text COLLATE "C" NOT NULL CHECK (char_length(name) <= 253 AND name ~ '^[a-z0-9-]+([.][a-z0-9-]+)+$'),
    -- DOM-1
    code text COLLATE "C" NOT NULL CHECK (code ~ '^[A-Za-z0-9]{64}$'),
    created_at timestamptz NOT NULL,
    -- 'removing' is the short time between an administrator's wish and identity's word that nobody uses it.
    state text NOT NULL CHECK (state IN ('unverified', 'verified', 'removing')),
    -- Stays while it is being removed, since it may be put back.
    verified_at timestamptz,
    -- Which try to remove it this is, and since when: a try that was overtaken or given up ends nothing.
    removal uuid,
    removing_since timestamptz,
    -- DOM-3: any number of organizations may have it, each once.
    CONSTRAINT domains_once UNIQUE (organization_id, name),
    CHECK (CASE state
        WHEN 'verified' THEN verified_at IS NOT NULL
        WHEN 'unverified' THEN verified_at IS NULL
        ELSE true
    END),
    CHECK ((state = 'removing') = (removal IS NOT NULL)),
    CHECK ((state = 'removing') = (removing_since IS NOT NULL))
);

CREATE INDEX domains_by_name ON domains (name, verified_at, organization_id) WHERE verified_at IS NOT NULL;
CREATE INDEX domains_left_behind ON domains (removing_since) WHERE state = 'removing';

-- What was removed, so that asking again for the same removal is no error. Kept for a while.
CREATE TABLE removed_domains (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    removed_at timestamptz NOT NULL
);

CREATE INDEX removed_domains_by_age ON removed_domains (removed_at);

-- Leaky buckets: how often a subject's domains were looked up lately.
CREATE TABLE throttles (
    subject text NOT NULL CHECK (subject IN ('organization', 'domain')),
    id uuid NOT NULL,
    empty_at timestamptz NOT NULL,
    PRIMARY KEY (subject, id)
);

CREATE INDEX throttles_by_end ON throttles (empty_at);
