"""Identity cards are checked, and names found by any one or two of their characters, by the database."""

from django.db import migrations

# GB 11643: the weighted sum of all eighteen characters, X counting ten, leaves 1 when divided by 11.
CHECK_DIGIT = """
create function identity_card_is_valid(number text) returns boolean
language sql immutable strict parallel safe as $$
    select number ~ '^[1-9][0-9]{16}[0-9X]$' and (
        7 * ascii(substr(number, 1, 1)) + 9 * ascii(substr(number, 2, 1)) + 10 * ascii(substr(number, 3, 1))
        + 5 * ascii(substr(number, 4, 1)) + 8 * ascii(substr(number, 5, 1)) + 4 * ascii(substr(number, 6, 1))
        + 2 * ascii(substr(number, 7, 1)) + 1 * ascii(substr(number, 8, 1)) + 6 * ascii(substr(number, 9, 1))
        + 3 * ascii(substr(number, 10, 1)) + 7 * ascii(substr(number, 11, 1)) + 9 * ascii(substr(number, 12, 1))
        + 10 * ascii(substr(number, 13, 1)) + 5 * ascii(substr(number, 14, 1)) + 8 * ascii(substr(number, 15, 1))
        + 4 * ascii(substr(number, 16, 1)) + 2 * ascii(substr(number, 17, 1)) - 48 * 100
        + case substr(number, 18) when 'X' then 10 else ascii(substr(number, 18)) - 48 end
    ) % 11 = 1
$$
"""

# Trigrams cannot serve the two-character names most people have.
NAME_GRAMS = """
create function name_grams(name text) returns text[]
language sql immutable strict parallel safe as $$
    select array_agg(distinct substr(name, place, size))
    from generate_series(1, length(name)) place, generate_series(1, 2) size
    where place + size - 1 <= length(name)
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
