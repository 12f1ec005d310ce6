-- Some events mail all administrators of an organization. Such a delivery is first a list: a worker asks
-- organization who they are, writes one delivery for each (recipient_id) and settles the list, in one
-- transaction.
ALTER TABLE deliveries
    ADD COLUMN organization_id uuid,
    ADD COLUMN recipient_id    uuid;
