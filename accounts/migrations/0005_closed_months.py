"""No transfer comes into a month whose books are closed, whoever inserts it.

A million rows a month pass here, so that the books cannot be asked for each. The function below calls itself
immutable, which it is not: that makes PostgreSQL evaluate it once for a statement, when the trigger's
condition is first met, and compare every row's month with the result. It takes the books' lock and, not
being immutable all the way down, sees what was committed before it got it.
"""

from django.db import migrations

ONCE = """
create function accounts_closed_through_once() returns date language plpgsql immutable as $$
begin
    return office_closed_through();
end
$$
"""

REFUSE = """
create function accounts_refuse_closed_month() returns trigger language plpgsql as $$
begin
    raise exception 'the books of % are closed', to_char(new.month, 'YYYY-MM')
        using errcode = 'restrict_violation', constraint = 'books_closed';
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_counties_see_their_people"), ("office", "0009_periods")]

    operations = [
        migrations.RunSQL(ONCE, "drop function accounts_closed_through_once"),
        migrations.RunSQL(REFUSE, "drop function accounts_refuse_closed_month"),
        migrations.RunSQL(
            """
            create trigger refuse_closed_month before insert on accounts_transfer
            for each row when (new.month <= accounts_closed_through_once())
            execute function accounts_refuse_closed_month()
            """,
            "drop trigger refuse_closed_month on accounts_transfer",
        ),
    ]
