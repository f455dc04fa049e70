"""Identity cards are checked, and names found by any one or two of their characters, by the database."""

from django.db import migrations

# GB 11643: the weighted sum of all eighteen characters, X counting ten, leaves 1 when divided by 11.
# Both functions run for every row of an import. Digits are taken out of one bigint, and the bodies are plpgsql,
# because a call of an SQL function that cannot be inlined starts an executor: 4 and 50 times as slow.
CHECK_DIGIT = """
create function identity_card_is_valid(number text) returns boolean
language plpgsql immutable strict parallel safe as $$
declare
    digits bigint;
begin
    if number !~ '^[1-9][0-9]{16}[0-9X]$' then
        return false;
    end if;
    digits := left(number, 17)::bigint;
    return (
        7 * (digits / 10000000000000000) + 9 * (digits / 1000000000000000 % 10)
        + 10 * (digits / 100000000000000 % 10) + 5 * (digits / 10000000000000 % 10)
        + 8 * (digits / 1000000000000 % 10) + 4 * (digits / 100000000000 % 10)
        + 2 * (digits / 10000000000 % 10) + 1 * (digits / 1000000000 % 10)
        + 6 * (digits / 100000000 % 10) + 3 * (digits / 10000000 % 10)
        + 7 * (digits / 1000000 % 10) + 9 * (digits / 100000 % 10)
        + 10 * (digits / 10000 % 10) + 5 * (digits / 1000 % 10)
        + 8 * (digits / 100 % 10) + 4 * (digits / 10 % 10) + 2 * (digits % 10)
        + case right(number, 1) when 'X' then 10 else right(number, 1)::int end
    ) % 11 = 1;
end
$$
"""

# Trigrams cannot serve the two-character names most people have.
NAME_GRAMS = """
create function name_grams(name text) returns text[]
language plpgsql immutable strict parallel safe as $$
declare
    grams text[] := string_to_array(name, null);
begin
    for place in 1 .. length(name) - 1 loop
        grams := grams || substr(name, place, 2);
    end loop;
    return grams;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("insured", "0001_initial")]

    operations = [
        migrations.RunSQL(CHECK_DIGIT, "drop function identity_card_is_valid(text)"),
        migrations.RunSQL(
            """
            alter table insured_person add constraint person_identity_card_is_valid
            check (document_type <> '01' or identity_card_is_valid(document_number))
            """,
            "alter table insured_person drop constraint person_identity_card_is_valid",
        ),
        migrations.RunSQL(NAME_GRAMS, "drop function name_grams(text)"),
        migrations.RunSQL(
            "create index person_name_grams on insured_person using gin (name_grams(name))",
            "drop index person_name_grams",
        ),
    ]
