-- Signing keys. Their state (next, current, previous) follows from the clock alone: a key signs from
-- its sign_time until that of the next one, and is published from its creation until the tokens
-- that it signed are over. So all replicas agree without telling each other.

CREATE TABLE signing_keys (
    key_id      text PRIMARY KEY,
    -- RFC 7517 coordinates, base64url.
    x           text NOT NULL,
    y           text NOT NULL,
    -- PKCS#8, AES-256-GCM: nonce, then ciphertext; the key id is the associated data.
    sealed      bytea NOT NULL,
    -- Which of the configured keys sealed it.
    sealed_by   text NOT NULL,
    create_time timestamptz NOT NULL,
    sign_time   timestamptz NOT NULL UNIQUE,
    CHECK (sign_time >= create_time)
);
