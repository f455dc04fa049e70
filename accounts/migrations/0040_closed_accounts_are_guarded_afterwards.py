"""Nothing moves on a closed account, looked at after an account is changed instead of before.

A row trigger before an update locks each row by itself first, with a log record of its own: a month's credits,
which close nothing, took a sixth longer to post. What it refuses is the same.
"""

from django.db import migrations

GUARD = """
create trigger guard_closed {when} update on accounts_account
for each row when (old.closed_on is not null or new.closed_on is not null)
execute function accounts_guard_closed()
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0036_seals_of_accounts")]

    operations = [
        migrations.RunSQL("drop trigger guard_closed on accounts_account", GUARD.format(when="before")),
        migrations.RunSQL(GUARD.format(when="after"), "drop trigger guard_closed on accounts_account"),
    ]
