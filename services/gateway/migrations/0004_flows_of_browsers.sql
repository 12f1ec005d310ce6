-- A flow belongs to the browser that began it: that browser's cookie __Host-pass-flow has a secret, whose
-- hash is here, so that nobody goes on with another's flow. A request that was posted from the client's
-- site came without cookies: it belongs to nobody until the redirect that follows.
--
-- session_id is the session that a sign-in in this flow began: prompt=login and max_age ask for such a one.
ALTER TABLE flows
    ADD COLUMN browser_hash bytea CHECK (length(browser_hash) = 32),
    ADD COLUMN session_id   uuid;

-- Flows of before belong to nobody that could be told: who waits begins again.
DELETE FROM flows;
