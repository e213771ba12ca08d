-- Functions that the tables and the triggers of several capabilities share. They come before the tables, because the
-- checks of the tables call them.
-- A check's function names the schema of what it calls: a restore runs without a search_path.

-- Keeps the rows of evidence tables. Used by statement triggers for UPDATE, DELETE and TRUNCATE.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: its rows are kept', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
END $$;

-- Each thing that identifies something has one stored form: phone numbers, references and people's names. Otherwise a
-- second spelling would pass a unique index, and with it I2 (one send per quote) and the rule of the second person.
-- The functions below equal readPhoneNumber, readReference, personKey and readPersonName in TypeScript; a test holds them equal.
-- Texts in other scripts need a database in UTF8.

-- Whether a phone number is in its stored form, 08…: ^08[0-9]{7,11}$, at half the cost of that expression.
CREATE FUNCTION is_phone_number(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT octet_length(value) BETWEEN 9 AND 13 AND starts_with(value, '08') AND value COLLATE "C" !~ '[^0-9]'
$$;

-- The stored form of a phone number that is written without separators; null when it is none.
CREATE FUNCTION national_phone_number(phone_number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN public.is_phone_number(phone_number) THEN phone_number
    ELSE '0' || coalesce(
      substring(phone_number COLLATE "C" FROM '^(?:(?:\+|00)?620?|0)(8[0-9]{7,11})$'),
      substring(phone_number COLLATE "C" FROM '^8[0-9]{8,11}$')) END
$$;

-- Whether a text is NFC, starts and ends with a visible character, and contains no invisible one. It is not in SQL:
-- Postgres would parse it again for every statement on a table with a check that calls it.
CREATE FUNCTION is_plain_text(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN CASE WHEN value COLLATE "C" ~ '^[ -~]+$' THEN value COLLATE "C" ~ '^[!-~](.*[!-~])?$'
    ELSE value COLLATE "C" ~ '^[^ ](.*[^ ])?$' AND value IS NFC NORMALIZED AND value COLLATE "C" !~
      '[\u0001-\u001f\u007f-\u00a0\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe-\uffff\U000110BD\U000110CD\U00013430-\U0001343F\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U0010FFFF]' END;
END $$;

-- Two names belong to one person when their keys are equal. The key drops white space, accents, case and invisible
-- characters, and writes letters of other alphabets that look like Latin ones as those.
CREATE FUNCTION person_key(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN name COLLATE "C" ~ '^[!-_a-~]+$' THEN lower(name COLLATE "C")
    ELSE lower(translate(regexp_replace(normalize(name, NFKD) COLLATE "C",
      '[ \u0001-\u001f\u007f-\u00a0\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe-\uffff\U000110BD\U000110CD\U00013430-\U0001343F\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U0010FFFF\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g'),
      'АаВвЕеКкМмНнОоРрСсТтУуХхІіЈјЅѕԚԛԜԝԀԁҺһБГДЖЗИЛПФЦЧШЩЪЫЬЭЮЯЂЄЉЊЋЏҐΑαΒβΕεΖζΗηΙιΚκΜμΝνΟοΡρΤτΥυΧχΓΔΘΛΞΠΣςΦΨΩıŁłØøĐđÐðĦħŦŧɑɡɩÆŒÞẞƏŊ⁄∕‐‒–—−’‘ʼ′`',
      'aabbeekkmmhhooppccttyyxxiijjssqqwwddhhбгджзилпфцчшщъыьэюяђєљњћџґaabbeezzhhiikkmmnnooppttyyxxγδθλξπσσφψωillooddddhhttagiæœþßəŋ//-----''''''''''') COLLATE "C") END
$$;

CREATE FUNCTION is_person_name(name text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT public.is_plain_text(name) AND public.person_key(name) <> ''
$$;
