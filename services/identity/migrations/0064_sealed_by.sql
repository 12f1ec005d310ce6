-- What an older key sealed is sealed anew by housekeeping, so that the key can be dropped: it looks for such rows.
CREATE INDEX authenticators_sealed_by ON authenticators (sealed_by);
CREATE INDEX saml_keys_sealed_by ON saml_keys (sealed_by);
