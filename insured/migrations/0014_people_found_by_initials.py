"""People are found by the first letters of their name in pinyin too, in every way it may be read.

`0014_initials.txt` has a line for each set of first letters, the most usual reading first, with the characters
of Unicode's first two blocks that are read so; made from the readings of pypinyin 0.55 (MIT).
"""

from itertools import count
from pathlib import Path

from django.db import migrations

FIRST, PAST = 0x3400, 0xA000
LINES = Path(__file__).with_name("0014_initials.txt").read_text(encoding="utf-8").splitlines()


def readings() -> tuple[list[str], str, str]:
    """The sets of several letters; of each character in hex its one letter, or 1 for several, and their place."""
    several = [line.split(" ")[0] for line in LINES if line[1] != " "]
    letters, places = bytearray(PAST - FIRST), [0] * (PAST - FIRST)
    for line in LINES:
        first, characters = line.split(" ")
        for character in characters:
            letters[ord(character) - FIRST] = ord(first) if len(first) == 1 else 1
            places[ord(character) - FIRST] = 0 if len(first) == 1 else 1 + several.index(first)
    return several, letters.hex(), "".join(f"{place:04x}" for place in places)


SETS, LETTERS, PLACES = readings()

# What a name is found by: each character, each two in a row, and its first letters from the second on, as in
# "zs" and "zsf". A name of many polyphonic characters is kept in bounds: where there would be more than eight
# ways to read it, further characters count by their most usual reading only.
NAME_KEYS = f"""
create function name_keys(name text) returns text[]
language plpgsql immutable strict parallel safe cost 1000 as $$
declare
    characters text[] := string_to_array(name, null);
    keys text[] := characters;
    before text;
    one text;
    code int;
    ways text[] := '{{""}}';
    letters text;
begin
    foreach one in array characters loop
        if before is not null then
            keys := keys || (before || one);
        end if;
        before := one;
    end loop;
    foreach one in array characters loop
        code := ascii(one) - {FIRST};
        if code >= 0 and code < {PAST - FIRST} then
            letters := chr(nullif(get_byte('\\x{LETTERS}'::bytea, code), 0));
            if letters = chr(1) then
                letters := ('{{{",".join(SETS)}}}'::text[])[
                    256 * get_byte('\\x{PLACES}'::bytea, 2 * code) + get_byte('\\x{PLACES}'::bytea, 2 * code + 1)
                ];
            end if;
        else
            letters := lower(substring(one from '[0-9A-Za-z]'));
        end if;
        continue when letters is null;
        if cardinality(ways) * length(letters) > 8 then
            letters := left(letters, 1);
        end if;
        if cardinality(ways) = 1 and length(letters) = 1 then
            ways[1] := ways[1] || letters;
        else
            ways := array(
                select way || letter from unnest(ways) way, unnest(string_to_array(letters, null)) letter
            );
        end if;
        if length(ways[1]) > 1 then
            keys := keys || ways;
        end if;
        exit when length(ways[1]) = 6;
    end loop;
    return keys;
end
$$
"""

# Conditions on names cannot use their index under row-level security, which must come first: an array
# operator might tell on rows it is not to see. So the search asks here, and is scoped here: with the whole
# city's people or the counties' told apart, and planned anew each time (`execute`), so that a small county's
# clerk who asks for a frequent name goes by both indexes. Without statistics the planner would read the table.
PEOPLE_NAMED = """
create function insured_people_named(part text, initials text, at_most int) returns setof bigint
language plpgsql stable security definer set enable_seqscan = off as $$
declare
    everybody boolean := current_setting('role') = current_user || '_jobs' or acting_for_whole_city();
begin
    return query execute $sql$
        select id
        from insured_person
        where (name_keys(name) @> name_grams($1) and position($1 in name) > 0 or name_keys(name) @> array[$2])
        $sql$ || case when everybody then '' else 'and county_id = any ($4)' end || ' limit $3'
    using part, initials, at_most, acting_counties();
end
$$
"""

PEOPLE_NAMED_BEFORE = """
create function insured_people_named(part text, at_most int) returns setof bigint
language sql stable security definer as $$
    select id
    from insured_person
    where name_grams(name) @> name_grams(part) and position(part in name) > 0
        and (
            current_setting('role') = current_user || '_jobs'
            or (select acting_for_whole_city())
            or county_id = any ((select acting_counties())::bigint[])
        )
    limit at_most
$$
"""


class Migration(migrations.Migration):
    dependencies = [("insured", "0010_entitlements")]

    operations = [
        migrations.RunSQL(NAME_KEYS, "drop function name_keys(text)"),
        migrations.RunSQL(
            "create index person_name_keys on insured_person using gin (name_keys(name))",
            "drop index person_name_keys",
        ),
        migrations.RunSQL(
            "drop index person_name_grams",
            "create index person_name_grams on insured_person using gin (name_grams(name))",
        ),
        migrations.RunSQL("drop function insured_people_named(text, int)", PEOPLE_NAMED_BEFORE),
        migrations.RunSQL(PEOPLE_NAMED, "drop function insured_people_named(text, text, int)"),
    ]
