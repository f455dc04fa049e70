"""Somebody may sign an application for whoever delegated the right to approve, in the days of the delegation."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# In the counties they work for.
SEES = """
create function accounts_sees(staff_id bigint, account_id bigint) returns boolean language sql stable as $$
    select exists (
        select from office_staff staff
        where staff.id = $1 and staff.is_active and (staff.whole_city or staff.is_superuser or exists (
            select from office_staff_counties mine
            join insured_person person on person.county_id = mine.county_id
            join accounts_account account on account.person_id = person.id
            where mine.staff_id = $1 and account.id = $2
        ))
    )
$$
"""

MAY_SIGN = """
create or replace function accounts_may_sign(staff_id bigint, step text, account_id bigint) returns boolean
language sql stable as $$
    select office_has_right($1, $2 || '_run') and accounts_sees($1, $3)
$$
"""
MAY_SIGN_BEFORE = """
create or replace function accounts_may_sign(staff_id bigint, step text, account_id bigint) returns boolean
language sql stable as $$
    select office_has_right($1, $2 || '_run') and exists (
        select from office_staff staff
        where staff.id = $1 and (staff.whole_city or staff.is_superuser or exists (
            select from office_staff_counties mine
            join insured_person person on person.county_id = mine.county_id
            join accounts_account account on account.person_id = person.id
            where mine.staff_id = $1 and account.id = $3
        ))
    )
$$
"""

# Who applied, or signed a step of what the application is now, as a human being; also for somebody else.
HAD_A_HAND = """
create function accounts_had_a_hand(application_id bigint, staff_id bigint) returns boolean
language sql stable as $$
    select exists (
        select from accounts_application asked
        where asked.id = $1 and (
            office_person_of(asked.applied_by_id) = office_person_of($2)
            or exists (
                select from accounts_applicationapproval signed
                where signed.application_id = asked.id and signed.hash = accounts_application_hash(asked)
                    and office_person_of($2) in
                        (office_person_of(signed.person_id), office_person_of(signed.on_behalf_of_id))
            )
        )
    )
$$
"""

GUARD_APPROVAL = """
create or replace function accounts_guard_approval() returns trigger language plpgsql as $$
declare
    asked accounts_application;
begin
    -- Of two who sign at once the second waits here, and then finds the step signed.
    select * into asked from accounts_application where id = new.application_id for update;
    if asked.state not in ('applied', 'reviewed') or new.hash <> accounts_application_hash(asked) then
        raise exception 'application % is not, or no longer, what was approved', new.application_id
            using errcode = 'restrict_violation';
    end if;
    if new.number <> accounts_steps_signed(asked) + 1
       or new.step is distinct from (accounts_chain(asked.way))[new.number] then
        raise exception 'step % of application % is not the next one', new.number, new.application_id
            using errcode = 'restrict_violation';
    end if;
    if not accounts_may_sign(coalesce(new.on_behalf_of_id, new.person_id), new.step, asked.account_id)
       or not office_acts_for(new.person_id, coalesce(new.on_behalf_of_id, new.person_id))
       or not accounts_sees(new.person_id, asked.account_id) then
        raise exception 'staff % has no right to step % of application %',
            new.person_id, new.step, new.application_id using errcode = 'restrict_violation';
    end if;
    if accounts_had_a_hand(asked.id, new.person_id) or accounts_had_a_hand(asked.id, new.on_behalf_of_id) then
        raise exception 'staff % applied or signed another step of application %',
            new.person_id, new.application_id using errcode = 'restrict_violation';
    end if;
    new.at := now();
    return new;
end
$$
"""
GUARD_APPROVAL_BEFORE = """
create or replace function accounts_guard_approval() returns trigger language plpgsql as $$
declare
    asked accounts_application;
begin
    -- Of two who sign at once the second waits here, and then finds the step signed.
    select * into asked from accounts_application where id = new.application_id for update;
    if asked.state not in ('applied', 'reviewed') or new.hash <> accounts_application_hash(asked) then
        raise exception 'application % is not, or no longer, what was approved', new.application_id
            using errcode = 'restrict_violation';
    end if;
    if new.number <> accounts_steps_signed(asked) + 1
       or new.step is distinct from (accounts_chain(asked.way))[new.number] then
        raise exception 'step % of application % is not the next one', new.number, new.application_id
            using errcode = 'restrict_violation';
    end if;
    if not accounts_may_sign(new.person_id, new.step, asked.account_id) then
        raise exception 'staff % has no right to step % of application %',
            new.person_id, new.step, new.application_id using errcode = 'restrict_violation';
    end if;
    if office_person_of(new.person_id) = office_person_of(asked.applied_by_id) or exists (
        select from accounts_applicationapproval signed
        where signed.application_id = asked.id and signed.hash = new.hash
            and office_person_of(signed.person_id) = office_person_of(new.person_id)
    ) then
        raise exception 'staff % applied or signed another step of application %',
            new.person_id, new.application_id using errcode = 'restrict_violation';
    end if;
    new.at := now();
    return new;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0032_write_offs_stand_on_approvals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="applicationapproval",
            name="on_behalf_of",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="on behalf of",
            ),
        ),
        migrations.RunSQL(SEES, "drop function accounts_sees(bigint, bigint)"),
        migrations.RunSQL(MAY_SIGN, MAY_SIGN_BEFORE),
        migrations.RunSQL(HAD_A_HAND, "drop function accounts_had_a_hand(bigint, bigint)"),
        migrations.RunSQL(GUARD_APPROVAL, GUARD_APPROVAL_BEFORE),
    ]
