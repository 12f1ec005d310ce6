-- A client may prove who it is by a signature (private_key_jwt) instead of a secret: then its public keys are
-- here, a JWK Set without anything private, and it has no row in client_secrets.
ALTER TABLE clients ADD COLUMN jwks text CHECK (length(jwks) <= 65536);
ALTER TABLE clients ADD CONSTRAINT clients_with_keys_are_confidential CHECK (jwks IS NULL OR confidential);

-- Assertions that were taken: each works once. Forgotten when they would be refused for their age.
CREATE TABLE client_assertions (
    client_id   text NOT NULL REFERENCES clients ON DELETE CASCADE,
    jti         text NOT NULL CHECK (length(jti) BETWEEN 1 AND 255),
    expire_time timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti)
);
CREATE INDEX client_assertions_by_end ON client_assertions (expire_time);
