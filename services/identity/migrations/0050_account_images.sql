-- Profile images (ACC-5). What a person sends is never kept: these are made anew, one a size, and have no metadata.
-- The image of an account has an id, a hash of its content and of whose it is, which names it in addresses for good:
-- another image has another id. Programs of the version before know nothing of it, and keep it.
ALTER TABLE accounts ADD COLUMN image text CHECK (image ~ '^[A-Za-z0-9_-]{32}$');

CREATE TABLE account_images (
    image      text     NOT NULL,
    -- Pixels wide and high.
    size       smallint NOT NULL CHECK (size IN (48, 192)),
    account_id uuid     NOT NULL REFERENCES accounts ON DELETE CASCADE,
    -- PNG.
    content    bytea    NOT NULL,
    PRIMARY KEY (image, size)
);

CREATE INDEX account_images_account ON account_images (account_id);
