-- Which users of legacy spaces belong to which accounts (SPC-2). Spaces, users and passwords are the products';
-- here is nothing but the link. It goes with the account.
CREATE TABLE space_links (
    id            uuid        PRIMARY KEY,
    account_id    uuid        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    product       text        NOT NULL,
    space_id      text        NOT NULL,
    -- The user's permanent id in the space, as the product says.
    space_user_id text        NOT NULL,
    -- What the owner typed, to tell one's spaces apart.
    user_id       text        NOT NULL,
    -- account: the space shows the account's name, address, …; space: its own; space_only: its own, and it is
    -- not logged in to with the Nulab Account (SPC-5).
    profile       text        NOT NULL CHECK (profile IN ('account', 'space', 'space_only')),
    created_at    timestamptz NOT NULL
);

-- A space user is connected to at most one account (SPC-4), …
CREATE UNIQUE INDEX space_links_user ON space_links (product, space_id, space_user_id);
-- … and an account to one user of a space.
CREATE UNIQUE INDEX space_links_account ON space_links (account_id, product, space_id);
