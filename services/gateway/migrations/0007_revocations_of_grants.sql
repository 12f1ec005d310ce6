-- A grant can be revoked by itself: what was used twice ends what came of it, and no other client's tokens.
ALTER TABLE revocations DROP CONSTRAINT revocations_subject_kind_check;
ALTER TABLE revocations ADD CONSTRAINT revocations_subject_kind_check
    CHECK (subject_kind IN ('session', 'account', 'managed_accounts', 'membership', 'grant'));
