-- One row a mail that is due, named by the event that asked for it, so that an event delivered twice
-- is one mail with one Message-ID. No address, name or link is kept: they are asked for when the
-- mail is rendered (architecture.md, Events).
CREATE TABLE deliveries (
    id           uuid PRIMARY KEY,                      -- the event's id
    mail         text NOT NULL,                         -- which mail: 'sign_up', 'invitation'
    subject_id   uuid NOT NULL,                         -- the sign-up, the invitation
    attempt      integer NOT NULL,                      -- which of its links
    state        text NOT NULL DEFAULT 'queued'
                 CONSTRAINT deliveries_state CHECK (state IN ('queued', 'sent', 'obsolete', 'failed')),
    tries        integer NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL,                  -- next try; moved ahead while a worker has it
    created_at   timestamptz NOT NULL,
    settled_at   timestamptz,
    failure      text,                                  -- what went wrong last; no personal data
    trace_parent text NOT NULL DEFAULT ''
);

-- Workers look for what is due, oldest first.
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'queued';
-- Old rows are pruned by the time they were settled.
CREATE INDEX deliveries_settled ON deliveries (settled_at) WHERE state <> 'queued';
