"""Reports stay as they were made, differences are settled by who may; counties see those of their facilities."""

from django.db import migrations

from office.append_only import revoke
from office.row_security import county_is_mine, protect

FACILITY_IS_MINE = f"""exists (
    select from facilities_facility facility
    where facility.id = facility_id and {county_is_mine("facility.county_id")}
)"""

# A version that another follows is current no longer; nothing else of a report ever changes.
GUARD_REPORT = """
create function settlement_guard_report() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.current and not new.current
       and to_jsonb(new) - 'current' = to_jsonb(old) - 'current' then
        return new;
    end if;
    raise exception '% of what a facility reported is refused: a correction is another version', tg_op
        using errcode = 'restrict_violation', constraint = 'report_stays';
end
$$
"""

# The figures are the comparison's, which nobody asks for in their own name; who may settles what it found.
GUARD_DIFFERENCE = """
create function settlement_guard_difference() returns trigger language plpgsql security definer as $$
declare
    settled constant text[] := array['state', 'explanation', 'note', 'settled_by_id', 'settled_at'];
begin
    if tg_op = 'DELETE' then
        raise exception 'a difference stays on record' using errcode = 'restrict_violation';
    end if;
    if new.state = 'settled' and old.state <> 'settled'
       and not settlement_holds(new.settled_by_id, 'settle_difference') then
        raise exception 'staff % has no right to settle differences', new.settled_by_id
            using errcode = 'restrict_violation', constraint = 'difference_by_right';
    end if;
    if acting_staff() is null then
        return new;
    end if;
    if to_jsonb(new) - settled is distinct from to_jsonb(old) - settled
       or (old.state, new.state) not in (('open', 'settled'), ('settled', 'open'))
       or not settlement_holds(acting_staff(), 'settle_difference')
       or (new.state = 'settled' and new.settled_by_id is distinct from acting_staff()) then
        raise exception 'difference % is settled or opened again by who may, in their own name', old.id
            using errcode = 'restrict_violation', constraint = 'difference_in_own_name';
    end if;
    return new;
end
$$
"""

# What stands against relying on a facility's month: differences that are open, no report and nobody to say why, or
# visits that came or were settled since it was compared. Null where nothing does, as where there is no visit at all.
UNRECONCILED = """
create function settlement_unreconciled(of_facility bigint, of_scheme text, of_month date) returns text
language sql stable security definer as $$
    with known as (
        select * from settlement_reconciliation
        where month = of_month and facility_id = of_facility and scheme = of_scheme
    ),
    now_on_record as (
        select
            count(*) filter (where visit.reverses_id is null) as visits,
            count(*) filter (where visit.reverses_id is not null) as refunds,
            coalesce(sum(visit.total), 0) as total, coalesce(sum(outcome.fund), 0) as fund,
            coalesce(sum(outcome.account + outcome.family_account), 0) as account,
            coalesce(sum(outcome.cash), 0) as cash
        from settlement_visit visit
        left join settlement_visitoutcome outcome on outcome.visit_id = visit.id
        join settlement_visitbatch batch on batch.id = visit.batch_id and batch.kind <> 'claim'
        where visit.facility_id = of_facility and visit.scheme = of_scheme
            and visit.at >= of_month::timestamp at time zone 'Asia/Shanghai'
            and visit.at < (of_month + interval '1 month') at time zone 'Asia/Shanghai'
    )
    select case
        when exists (
            select from settlement_difference difference
            join known on known.id = difference.reconciliation_id
            where difference.state = 'open'
        ) then 'different'
        when not exists (select from known) and (select visits + refunds = 0 from now_on_record) then null
        when not exists (select from known where report_id is not null or unreported_note <> '') then 'not_reported'
        when not exists (
            select from known cross join now_on_record entered
            where (known.visits, known.refunds, known.total, known.fund, known.account, known.cash) = (
                entered.visits, entered.refunds, entered.total / 100.0, entered.fund / 100.0,
                entered.account / 100.0, entered.cash / 100.0
            )
        ) then 'stale'
    end
$$
"""

# Why nothing is reported is said by who may settle differences, in their own name.
GUARD_RECONCILIATION = """
create function settlement_guard_reconciliation() returns trigger language plpgsql security definer as $$
declare
    said constant text[] := array['unreported_note', 'unreported_by_id'];
begin
    if acting_staff() is not null and (
        tg_op = 'DELETE'
        or to_jsonb(new) - said is distinct from to_jsonb(old) - said
        or new.unreported_by_id is distinct from acting_staff()
        or not settlement_holds(acting_staff(), 'settle_difference')
    ) then
        raise exception 'a comparison is not changed by hand'
            using errcode = 'restrict_violation', constraint = 'reconciliation_in_own_name';
    end if;
    return new;
end
$$
"""

SETTLE_ONLY = """
do $$
begin
    if exists (select from pg_roles where rolname = current_user || '_app') then
        execute format(
            'revoke insert, update, delete on settlement_reconciliation, settlement_difference,'
            ' settlement_reportedtotal, settlement_reportedbill from %I',
            current_user || '_app'
        );
        execute format(
            'grant update (unreported_note, unreported_by_id) on settlement_reconciliation to %I', current_user || '_app'
        );
        execute format(
            'grant update (state, explanation, note, settled_by_id, settled_at) on settlement_difference to %I',
            current_user || '_app'
        );
    end if;
end
$$
"""


def guarded(table: str, *, when: str, function: str) -> list[migrations.RunSQL]:
    return [
        migrations.RunSQL(
            f"create trigger guard before {when} on {table} for each row execute function {function}()",
            f"drop trigger guard on {table}",
        ),
        migrations.RunSQL(
            f"create trigger refuse_truncate before truncate on {table}"
            " for each statement execute function office_refuse_change()",
            f"drop trigger refuse_truncate on {table}",
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("settlement", "0026_reconciliation")]

    operations = [
        migrations.RunSQL(GUARD_RECONCILIATION, "drop function settlement_guard_reconciliation()"),
        migrations.RunSQL(GUARD_REPORT, "drop function settlement_guard_report()"),
        migrations.RunSQL(GUARD_DIFFERENCE, "drop function settlement_guard_difference()"),
        migrations.RunSQL(UNRECONCILED, "drop function settlement_unreconciled(bigint, text, date)"),
        *guarded("settlement_reportedtotal", when="update or delete", function="settlement_guard_report"),
        *guarded("settlement_reportedbill", when="update or delete", function="settlement_guard_report"),
        migrations.RunSQL(
            "create trigger guard before update or delete on settlement_difference"
            " for each row execute function settlement_guard_difference()",
            "drop trigger guard on settlement_difference",
        ),
        migrations.RunSQL(
            "create trigger guard before update or delete on settlement_reconciliation"
            " for each row execute function settlement_guard_reconciliation()",
            "drop trigger guard on settlement_reconciliation",
        ),
        *protect("settlement_reportedtotal", mine=FACILITY_IS_MINE),
        *protect("settlement_reportedbill", mine=FACILITY_IS_MINE),
        *protect("settlement_reconciliation", mine=FACILITY_IS_MINE),
        *protect(
            "settlement_difference",
            mine="exists (select from settlement_reconciliation month where month.id = reconciliation_id)",
        ),
        migrations.RunSQL(SETTLE_ONLY, migrations.RunSQL.noop),
        revoke("delete, truncate", table="settlement_reportedtotal"),
        revoke("delete, truncate", table="settlement_reportedbill"),
        revoke("delete, truncate", table="settlement_difference"),
        revoke("delete, truncate", table="settlement_reconciliation"),
    ]
