"""What stands in the digests of runs: every column of a transfer, with the month and the moment it was posted."""

from django.db import migrations

# The month and the moment are the same for a whole chunk: its first and its last are told.
POSTED = """
create function accounts_posted_digest(
    digest text, first_month date, last_month date, first_at timestamptz, last_at timestamptz
) returns text language sql stable as $$
    select encode(sha256(convert_to(
        digest || ' ' || first_month || ' ' || last_month || ' ' || extract(epoch from first_at) || ' '
        || extract(epoch from last_at), 'utf8'
    )), 'hex')
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0024_transfers_by_month")]

    operations = [
        migrations.RunSQL(
            POSTED, "drop function accounts_posted_digest(text, date, date, timestamptz, timestamptz)"
        ),
    ]
