"""Visits stay as they were reported; counties see those of their people and at their facilities."""

from django.db import migrations

from office.row_security import county_is_mine, protect

PERSON_IS_MINE = "exists (select from insured_person person where person.id = person_id)"
VISIT_IS_MINE = f"""(
    {PERSON_IS_MINE}
    or exists (
        select from facilities_facility facility
        where facility.id = facility_id and {county_is_mine("facility.county_id")}
    )
)"""

# A visit goes along when two records of one person are merged, and is marked once when it is taken back.
GUARD_VISIT = """
create function settlement_guard_visit() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.reversed_by_id is null and (
        to_jsonb(new) - array['person_id', 'reversed_by_id'] = to_jsonb(old) - array['person_id', 'reversed_by_id']
    ) then
        return new;
    end if;
    if tg_op = 'UPDATE' and to_jsonb(new) - 'person_id' = to_jsonb(old) - 'person_id' then
        return new;
    end if;
    raise exception '% of a visit is refused: it stays as it was reported', tg_op
        using errcode = 'restrict_violation';
end
$$
"""

GUARD_OUTCOME = """
create function settlement_guard_outcome() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.state = 'held' then
        return old;
    end if;
    raise exception '% of the outcome of a visit is refused: only one on hold is written anew', tg_op
        using errcode = 'restrict_violation';
end
$$
"""

# Pages enter visits; workers settle them.
REVOKE = """
do $$
begin
    if exists (select from pg_roles where rolname = current_user || '_app') then
        execute format(
            'revoke insert, update, delete on settlement_visitoutcome, settlement_accumulator from %I',
            current_user || '_app'
        );
        execute format('grant update (person_id) on settlement_accumulator to %I', current_user || '_app');
    end if;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0005_visits"), ("insured", "0010_entitlements"), ("office", "0019_kinds_of_run")]

    operations = [
        migrations.RunSQL(GUARD_VISIT, "drop function settlement_guard_visit()"),
        migrations.RunSQL(
            """
            create trigger refuse_change before update or delete on settlement_visit
            for each row execute function settlement_guard_visit()
            """,
            "drop trigger refuse_change on settlement_visit",
        ),
        migrations.RunSQL(
            """
            create trigger refuse_truncate before truncate on settlement_visit
            for each statement execute function office_refuse_change()
            """,
            "drop trigger refuse_truncate on settlement_visit",
        ),
        migrations.RunSQL(GUARD_OUTCOME, "drop function settlement_guard_outcome()"),
        migrations.RunSQL(
            """
            create trigger refuse_change before update or delete on settlement_visitoutcome
            for each row execute function settlement_guard_outcome()
            """,
            "drop trigger refuse_change on settlement_visitoutcome",
        ),
        migrations.RunSQL(
            """
            create trigger refuse_truncate before truncate on settlement_visitoutcome
            for each statement execute function office_refuse_change()
            """,
            "drop trigger refuse_truncate on settlement_visitoutcome",
        ),
        # Counters are read and written twice with every chunk: room beside each row for its next version.
        migrations.RunSQL(
            "alter table settlement_accumulator set (fillfactor = 60)",
            "alter table settlement_accumulator reset (fillfactor)",
        ),
        *protect("settlement_visit", mine=VISIT_IS_MINE),
        *protect(
            "settlement_visitoutcome",
            mine="exists (select from settlement_visit visit where visit.id = visit_id)",
        ),
        *protect("settlement_accumulator", mine=PERSON_IS_MINE),
        migrations.RunSQL(REVOKE, migrations.RunSQL.noop),
    ]
