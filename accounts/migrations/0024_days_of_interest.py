"""The day from which money counts, and a way to the transfers of a year."""

from django.db import migrations

# Posted in a month's books after the month is over, it counts from the month's last day.
DAY = """
create function accounts_day(posted_at timestamptz, month date) returns date
language sql immutable parallel safe as $$
    select least(
        greatest((posted_at at time zone 'Asia/Shanghai')::date, month), (month + interval '1 month')::date - 1
    )
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0021_applications_are_guarded")]

    operations = [
        migrations.RunSQL(DAY, "drop function accounts_day(timestamptz, date)"),
        # Transfers lie in the order of their accounting months, or nearly so.
        migrations.RunSQL(
            "create index transfer_in_month on accounts_transfer using brin (month) with (autosummarize = on)",
            "drop index transfer_in_month",
        ),
    ]
