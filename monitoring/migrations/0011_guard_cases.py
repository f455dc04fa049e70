"""The database holds the way of a case; counties see the alerts and indicators of their facilities.

The first limits and figures of rules are defaults that a city's agency sets as it will; no document gives them.
"""

from django.db import migrations

from office.append_only import append_only, revoke
from office.row_security import county_is_mine, protect

FACILITY_IS_MINE = f"""exists (
    select from facilities_facility facility
    where facility.id = facility_id and {county_is_mine("facility.county_id")}
)"""
ALERT_IS_MINE = "exists (select from monitoring_alert alert where alert.id = alert_id)"

HOLDS = """
create function monitoring_holds(staff_id bigint, permission text) returns boolean
language sql stable security definer as $$
    select exists (
        select from office_staff staff
        where staff.id = $1 and staff.is_active and (staff.is_superuser or exists (
            select from auth_permission given
            join django_content_type type on type.id = given.content_type_id and type.app_label = 'monitoring'
            where given.codename = $2 and (
                exists (
                    select from office_staff_user_permissions own
                    where own.staff_id = staff.id and own.permission_id = given.id
                )
                or exists (
                    select from office_staff_groups role
                    join auth_group_permissions of_role using (group_id)
                    where role.staff_id = staff.id and of_role.permission_id = given.id
                )
            )
        ))
    )
$$
"""

# What came back of an alert's visits, in yuan: recoveries posted, and deductions on posted statements.
RECOVERED = """
create function monitoring_recovered(of_alert bigint) returns numeric
language sql stable security definer as $$
    select coalesce(sum(amount), 0) from (
        select recovery.amount
        from monitoring_alertvisit behind
        join settlement_visitrecovery recovery on recovery.visit_id = behind.visit_id and recovery.state = 'posted'
        where behind.alert_id = $1
        union all
        select deduction.amount
        from monitoring_alertvisit behind
        join settlement_deduction deduction on deduction.visit_id = behind.visit_id
        join settlement_statement statement on statement.id = deduction.statement_id and statement.state = 'posted'
        where behind.alert_id = $1
    ) back
$$
"""

TAKE_STEP = """
create function monitoring_take_step() returns trigger language plpgsql security definer as $$
declare
    standing text;
    needed text;
begin
    -- Of two who take a step at once the second waits here, and then finds it taken.
    select state into standing from monitoring_alert where id = new.alert_id for update;
    needed := case standing || '>' || new.state
        when 'open>explained' then 'explain_alert'
        when 'explained>accepted' then 'decide_alert'
        when 'explained>referred' then 'decide_alert'
        when 'referred>recovered' then 'audit_alert'
        when 'referred>closed' then 'audit_alert'
    end;
    if needed is null then
        raise exception 'alert % does not go from % to %', new.alert_id, standing, new.state
            using errcode = 'restrict_violation', constraint = 'case_step_in_order';
    end if;
    if not monitoring_holds(new.by_id, needed) or new.by_id <> coalesce(acting_staff(), new.by_id) then
        raise exception 'this step of alert % is taken by who may, in their own name', new.alert_id
            using errcode = 'restrict_violation', constraint = 'case_step_by_right';
    end if;
    if exists (
        select from monitoring_casestep taken
        where taken.alert_id = new.alert_id and office_person_of(taken.by_id) = office_person_of(new.by_id)
    ) then
        raise exception 'staff % took another step of alert %', new.by_id, new.alert_id
            using errcode = 'restrict_violation', constraint = 'case_step_by_another';
    end if;
    new.at := now();
    new.amount := case new.state when 'recovered' then monitoring_recovered(new.alert_id) end;
    return new;
end
$$
"""

FOLLOW_STEP = """
create function monitoring_follow_step() returns trigger language plpgsql security definer as $$
begin
    update monitoring_alert set state = new.state where id = new.alert_id;
    return null;
end
$$
"""

# Its state comes from its last step, its figures from what is found of it while it lasts; nothing else changes.
GUARD_ALERT = """
create function monitoring_guard_alert() returns trigger language plpgsql security definer as $$
begin
    if tg_op = 'INSERT' and new.state = 'open' then
        return new;
    end if;
    if tg_op = 'UPDATE' and to_jsonb(new) - 'state' = to_jsonb(old) - 'state' and new.state = (
        select state from monitoring_casestep where alert_id = new.id order by id desc limit 1
    ) then
        return new;
    end if;
    if tg_op = 'UPDATE' and to_jsonb(new) - 'found' = to_jsonb(old) - 'found'
       and old.state in ('open', 'explained', 'referred') then
        return new;
    end if;
    raise exception '% of an alert is refused: its steps say how it stands', tg_op
        using errcode = 'restrict_violation', constraint = 'alert_goes_by_its_steps';
end
$$
"""

# What is found is the portal's own work; pages take steps.
STEPS_ONLY = """
do $$
begin
    if exists (select from pg_roles where rolname = current_user || '_app') then
        execute format(
            'revoke insert, update, delete on monitoring_alert, monitoring_alertvisit, monitoring_indicatorvalue'
            ' from %I',
            current_user || '_app'
        );
    end if;
end
$$
"""

FIRST_RULES = """
insert into monitoring_rulesetting (rule, applied, figure)
values
    ('duplicate_visit', true, null), ('split_visit', true, 3), ('impossible_timing', true, 20),
    ('after_death', true, null), ('unusual_frequency', true, 15), ('indicator', true, null)
"""

# Shares are held against limits where the fund pays for visits, not at pharmacies.
FIRST_LIMITS = """
insert into monitoring_indicatorlimit (indicator, level, against, figure, first_month)
values
    ('cost_per_visit', '', 'month', 50, '2022-01-01'),
    ('cost_per_visit', '', 'year', 30, '2022-01-01'),
    ('cost_per_visit', '', 'median', 100, '2022-01-01'),
    ('visits_per_person', '', 'median', 100, '2022-01-01'),
    ('examination_share', '', 'figure', 50, '2022-01-01'),
    ('outside_share', 'tertiary', 'figure', 20, '2022-01-01'),
    ('outside_share', 'secondary', 'figure', 20, '2022-01-01'),
    ('outside_share', 'primary', 'figure', 20, '2022-01-01'),
    ('own_share', 'tertiary', 'figure', 80, '2022-01-01'),
    ('own_share', 'secondary', 'figure', 80, '2022-01-01'),
    ('own_share', 'primary', 'figure', 80, '2022-01-01'),
    ('referral_rate', '', 'figure', 30, '2022-01-01')
"""


def function(create: str) -> migrations.RunSQL:
    name = create.split("create function ")[1].split("(")[0]
    return migrations.RunSQL(create, f"drop function {name}")


def trigger(name: str, when: str, table: str, call: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"create trigger {name} {when} on {table} for each row execute function {call}()",
        f"drop trigger {name} on {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0010_cases")]

    operations = [
        *map(function, (HOLDS, RECOVERED, TAKE_STEP, FOLLOW_STEP, GUARD_ALERT)),
        trigger("guard_alert", "before insert or update or delete", "monitoring_alert", "monitoring_guard_alert"),
        trigger("take_step", "before insert", "monitoring_casestep", "monitoring_take_step"),
        trigger("follow_step", "after insert", "monitoring_casestep", "monitoring_follow_step"),
        *append_only("monitoring_casestep"),
        *append_only("monitoring_alertvisit"),
        revoke("delete, truncate", table="monitoring_alert"),
        *protect("monitoring_alert", mine=FACILITY_IS_MINE),
        *protect("monitoring_indicatorvalue", mine=FACILITY_IS_MINE),
        *protect("monitoring_alertvisit", mine=ALERT_IS_MINE),
        *protect("monitoring_casestep", mine=ALERT_IS_MINE),
        migrations.RunSQL(STEPS_ONLY, migrations.RunSQL.noop),
        migrations.RunSQL(FIRST_RULES, "delete from monitoring_rulesetting"),
        migrations.RunSQL(FIRST_LIMITS, "delete from monitoring_indicatorlimit"),
    ]
