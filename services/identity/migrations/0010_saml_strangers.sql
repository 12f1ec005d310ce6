-- Anybody may post to an ACS. What they post is kept apart from answers that the organization's identity provider
-- signed, so that rubbish can't push those out of the log.
ALTER TABLE saml_sign_in_log ADD COLUMN stranger boolean NOT NULL DEFAULT false;

-- Refusals to strangers are told once a minute, with their number (AUD-1), and not one by one.
CREATE TABLE saml_strangers (
    organization_id uuid        NOT NULL,
    -- The minute's beginning.
    minute          timestamptz NOT NULL,
    refused         integer     NOT NULL,
    PRIMARY KEY (organization_id, minute)
);

CREATE INDEX saml_strangers_minute ON saml_strangers (minute);
