-- Signing in through an organization's identity provider (SML).
--
-- A connection is a version of what an organization set: at most one is a draft and at most one in force.
-- Without a certificate nothing could be verified, and without a test nobody would know that it works;
-- both are constraints, so that no path may forget them.
CREATE TABLE saml_connections (
    id                  uuid        PRIMARY KEY,
    organization_id     uuid        NOT NULL,
    -- Of the organization; it never changes, and names the routes of the connection.
    space_key           text        NOT NULL,
    state               text        NOT NULL CHECK (state IN ('draft', 'active', 'disabled')),
    idp_entity_id       text        NOT NULL,
    sso_url             text        NOT NULL,
    -- DER of each certificate that the identity provider may sign with.
    certificates        bytea[]     NOT NULL CHECK (cardinality(certificates) >= 1),
    sign_requests       boolean     NOT NULL,
    allow_idp_initiated boolean     NOT NULL,
    created_at          timestamptz NOT NULL,
    -- When it passed a test.
    tested_at           timestamptz CHECK (state <> 'active' OR tested_at IS NOT NULL)
);

CREATE UNIQUE INDEX saml_connections_active ON saml_connections (organization_id) WHERE state = 'active';
CREATE UNIQUE INDEX saml_connections_draft ON saml_connections (organization_id) WHERE state = 'draft';
CREATE INDEX saml_connections_space_key ON saml_connections (space_key);

-- Our key pair for an organization: signs requests, decrypts assertions. PKCS#8, sealed.
CREATE TABLE saml_keys (
    organization_id uuid        PRIMARY KEY,
    sealed          bytea       NOT NULL,
    sealed_by       text        NOT NULL,
    -- DER.
    certificate     bytea       NOT NULL,
    created_at      timestamptz NOT NULL
);

-- Test sign-ins of administrators (SML-6).
CREATE TABLE saml_tests (
    id              uuid        PRIMARY KEY,
    organization_id uuid        NOT NULL,
    connection_id   uuid        NOT NULL REFERENCES saml_connections ON DELETE CASCADE,
    state           text        NOT NULL CHECK (state IN ('waiting', 'passed', 'failed')),
    expires_at      timestamptz NOT NULL
);

CREATE INDEX saml_tests_connection ON saml_tests (connection_id);
CREATE INDEX saml_tests_expires_at ON saml_tests (expires_at);

CREATE TABLE saml_test_verdicts (
    test_id  uuid     NOT NULL REFERENCES saml_tests ON DELETE CASCADE,
    position smallint NOT NULL,
    name     text     NOT NULL,
    outcome  text     NOT NULL CHECK (outcome IN ('passed', 'failed', 'not_reached')),
    expected text     NOT NULL,
    received text     NOT NULL,
    PRIMARY KEY (test_id, position)
);

-- Requests that were sent and not answered. A row is taken by the one answer that counts.
CREATE TABLE saml_requests (
    -- The AuthnRequest's.
    id              text        PRIMARY KEY,
    organization_id uuid        NOT NULL,
    connection_id   uuid        NOT NULL REFERENCES saml_connections ON DELETE CASCADE,
    -- Of what the browser keeps until it is back.
    browser_hash    bytea       NOT NULL CHECK (length(browser_hash) = 32),
    -- Of a test's relay state, so that an answer that can't be read is known for a test's, too.
    relay_hash      bytea       CHECK (length(relay_hash) = 32),
    test_id         uuid        REFERENCES saml_tests ON DELETE CASCADE,
    continuation    text        NOT NULL,
    -- What the request said of us; the answer must say the same.
    sp_entity_id    text        NOT NULL,
    acs_url         text        NOT NULL,
    issued_at       timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL
);

CREATE UNIQUE INDEX saml_requests_relay_hash ON saml_requests (relay_hash) WHERE relay_hash IS NOT NULL;
CREATE INDEX saml_requests_connection ON saml_requests (connection_id);
CREATE INDEX saml_requests_test ON saml_requests (test_id) WHERE test_id IS NOT NULL;
CREATE INDEX saml_requests_expires_at ON saml_requests (expires_at);

-- Assertions that were used, by the SHA-256 of their ids, for as long as they could be used again.
CREATE TABLE saml_assertions (
    organization_id uuid        NOT NULL,
    digest          bytea       NOT NULL CHECK (length(digest) = 32),
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, digest)
);

CREATE INDEX saml_assertions_expires_at ON saml_assertions (expires_at);

-- What an accepted answer says, until the browser that began it takes it.
CREATE TABLE saml_pending_sign_ins (
    handle_hash             bytea       PRIMARY KEY CHECK (length(handle_hash) = 32),
    organization_id         uuid        NOT NULL,
    connection_id           uuid        NOT NULL REFERENCES saml_connections ON DELETE CASCADE,
    -- NULL: the identity provider started it.
    browser_hash            bytea       CHECK (length(browser_hash) = 32),
    test_id                 uuid        REFERENCES saml_tests ON DELETE CASCADE,
    continuation            text        NOT NULL,
    -- Who it is, unless it is a test.
    idp_entity_id           text        NOT NULL,
    name_id_format          text,
    name_id_hash            bytea       CHECK (length(name_id_hash) = 32),
    email                   text,
    session_not_on_or_after timestamptz,
    expires_at              timestamptz NOT NULL,
    CHECK (test_id IS NOT NULL OR (name_id_format IS NOT NULL AND name_id_hash IS NOT NULL))
);

CREATE INDEX saml_pending_sign_ins_connection ON saml_pending_sign_ins (connection_id);
CREATE INDEX saml_pending_sign_ins_test ON saml_pending_sign_ins (test_id) WHERE test_id IS NOT NULL;
CREATE INDEX saml_pending_sign_ins_expires_at ON saml_pending_sign_ins (expires_at);

-- Whom a name of an identity provider stands for, from its first sign-in on (SML-3). An account has one
-- name of a format: another one that comes with the same address later is somebody else.
CREATE TABLE saml_bindings (
    organization_id uuid        NOT NULL,
    idp_entity_id   text        NOT NULL,
    name_id_format  text        NOT NULL,
    name_id_hash    bytea       NOT NULL CHECK (length(name_id_hash) = 32),
    account_id      uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, idp_entity_id, name_id_format, name_id_hash)
);

CREATE UNIQUE INDEX saml_bindings_account
    ON saml_bindings (account_id, organization_id, idp_entity_id, name_id_format);

-- What administrators see of their identity provider's answers (SML-5); the latest thousand of each
-- organization, for 13 months at most.
CREATE TABLE saml_sign_in_log (
    id              uuid        PRIMARY KEY,
    organization_id uuid        NOT NULL,
    connection_id   uuid,
    reference       text        NOT NULL,
    at              timestamptz NOT NULL,
    -- Empty: it went through.
    failed_check    text        NOT NULL,
    expected        text        NOT NULL,
    received        text        NOT NULL,
    test            boolean     NOT NULL,
    account_id      uuid
);

CREATE INDEX saml_sign_in_log_organization ON saml_sign_in_log (organization_id, id);
CREATE INDEX saml_sign_in_log_at ON saml_sign_in_log (at);
