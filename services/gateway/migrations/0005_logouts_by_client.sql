-- Due logouts are taken client by client, so that one that hangs holds up no other.
CREATE INDEX back_channel_logouts_due_by_client ON back_channel_logouts (client_id, next_attempt_time)
    WHERE settle_time IS NULL;
DROP INDEX back_channel_logouts_due;
