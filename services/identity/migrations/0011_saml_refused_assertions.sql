-- Assertions of answers that were refused, by the SHA-256 of their ids. Whoever has one old answer that is signed can
-- post it again and again: its refusal is the identity provider's doing once, and a stranger's from then on.
CREATE TABLE saml_refused_assertions (
    organization_id uuid        NOT NULL,
    digest          bytea       NOT NULL CHECK (length(digest) = 32),
    at              timestamptz NOT NULL,
    PRIMARY KEY (organization_id, digest)
);

CREATE INDEX saml_refused_assertions_at ON saml_refused_assertions (at);
