-- What asks for a fresh sign-in must not take one in which the identity provider answered from a session of its
-- own: nobody may have sat there. So a request remembers whether it asked for a sign-in of the person (ForceAuthn),
-- and the session what came of it. The browser has no say in either.
ALTER TABLE saml_requests ADD COLUMN force_authn boolean NOT NULL DEFAULT false;
ALTER TABLE saml_pending_sign_ins ADD COLUMN anew boolean NOT NULL DEFAULT false;

-- The person proved who they are for this very sign-in: by password, or at an identity provider that was asked
-- for that.
ALTER TABLE sessions ADD COLUMN anew boolean NOT NULL DEFAULT false;
UPDATE sessions SET anew = true WHERE methods @> '{pwd}';
