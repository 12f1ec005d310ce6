-- What a sign-in by SAML is for (ACC-11): it is known when the person leaves for the identity provider, and written
-- into the login history when they are back.
ALTER TABLE saml_requests ADD COLUMN product text NOT NULL DEFAULT '';
ALTER TABLE saml_pending_sign_ins ADD COLUMN product text NOT NULL DEFAULT '';
