from django.db import migrations

REFUSE = """
create function office_refuse_change_of_sealed_run() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.seal = '' then
        return new;
    end if;
    if tg_op = 'DELETE' and old.state in ('draft', 'cancelled') then
        return old;
    end if;
    if tg_op = 'UPDATE' and old.state = 'posted' and new.state = 'reversed'
       and to_jsonb(new) - 'state' = to_jsonb(old) - 'state' then
        return new;
    end if;
    raise exception 'run % is sealed or under way: it can only be reversed', old.id using errcode = 'restrict_violation';
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("office", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "drop function office_refuse_change_of_sealed_run"),
        migrations.RunSQL(
            """
            create trigger refuse_change_of_sealed_run before update or delete on office_run
            for each row execute function office_refuse_change_of_sealed_run()
            """,
            "drop trigger refuse_change_of_sealed_run on office_run",
        ),
    ]
