"""The ledger is append-only, and a month's million balance updates stay on their pages."""

from django.db import migrations

REFUSE = """
create function accounts_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: posted money is corrected by reversal', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$
"""

# In production the portal's role is the owner's name with `_app`; elsewhere there may be one role only.
REVOKE = """
do $$
begin
    if exists (select from pg_roles where rolname = current_user || '_app') then
        execute format('revoke update, delete, truncate on accounts_transfer from %I', current_user || '_app');
        execute format('revoke delete, truncate on accounts_account from %I', current_user || '_app');
    end if;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "drop function accounts_refuse_change"),
        migrations.RunSQL(
            """
            create trigger refuse_change before update or delete or truncate on accounts_transfer
            for each statement execute function accounts_refuse_change()
            """,
            "drop trigger refuse_change on accounts_transfer",
        ),
        migrations.RunSQL(
            """
            create trigger refuse_change before delete or truncate on accounts_account
            for each statement execute function accounts_refuse_change()
            """,
            "drop trigger refuse_change on accounts_account",
        ),
        migrations.RunSQL(REVOKE, migrations.RunSQL.noop),
        # Half-empty pages keep balance updates on their page (HOT): half the time of a month's credits.
        migrations.RunSQL(
            "alter table accounts_account set (fillfactor = 50)",
            "alter table accounts_account reset (fillfactor)",
        ),
        # A run's transfers lie together, so a block range index finds them at almost no cost to the insert.
        migrations.RunSQL(
            "create index transfer_of_run on accounts_transfer using brin (run_id, chunk) with (autosummarize = on)",
            "drop index transfer_of_run",
        ),
        migrations.RunSQL(
            "create index run_line_of_run on accounts_runline using brin (run_id) with (autosummarize = on)",
            "drop index run_line_of_run",
        ),
    ]
