-- From now on names show something and hide nothing. In those from before, characters that are not to be seen go
-- (directions of text, separators, fillers), and a name of nothing else becomes the account's unique ID, or a dash. What names are
-- sorted and compared by stays as it is, so that no two become the same.
CREATE FUNCTION shown_name(name text, otherwise text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN seen ~ '[^\s\u034f\u180b-\u180f\u200c\u200d\u2800\ufe00-\ufe0f\U000e0000-\U000e0fff]'
                THEN btrim(seen) ELSE otherwise END
    FROM regexp_replace(name, '[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]',
                        '', 'g') AS seen
$$;

UPDATE accounts SET name = shown_name(name, unique_id) WHERE name <> shown_name(name, unique_id);
UPDATE sign_ups SET name = shown_name(name, '-') WHERE name <> shown_name(name, '-');
UPDATE security_keys SET name = shown_name(name, '-') WHERE name <> shown_name(name, '-');

DROP FUNCTION shown_name;
