-- A key's sequence is taken by the statement that writes the event, so the envelope, which says it, can only be finished
-- there: as one more field at its end. This is how the encoding of protobuf writes its number (base 128, the low bits first).
CREATE FUNCTION outbox_varint(number bigint) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    encoded bytea := '';
BEGIN
    WHILE number > 127 LOOP
        encoded := encoded || set_byte('\x00', 0, (number & 127 | 128)::integer);
        number := number >> 7;
    END LOOP;
    RETURN encoded || set_byte('\x00', 0, number::integer);
END
$$;
