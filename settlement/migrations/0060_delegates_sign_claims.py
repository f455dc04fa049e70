"""Somebody may sign a claim for whoever delegated the right to approve, in the days of the delegation."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# In the counties they work for.
SEES = """
create function settlement_sees_claimant(staff_id bigint, of_person bigint) returns boolean
language sql stable as $$
    select exists (
        select from office_staff staff
        where staff.id = $1 and staff.is_active and (staff.whole_city or staff.is_superuser or exists (
            select from office_staff_counties mine
            join insured_person person on person.county_id = mine.county_id
            where mine.staff_id = $1 and person.id = $2
        ))
    )
$$
"""

MAY_SIGN = """
create or replace function settlement_may_sign_claim(staff_id bigint, step text, of_person bigint) returns boolean
language sql stable as $$
    select office_has_right($1, $2 || '_run') and settlement_sees_claimant($1, $3)
$$
"""
MAY_SIGN_BEFORE = """
create or replace function settlement_may_sign_claim(staff_id bigint, step text, of_person bigint) returns boolean
language sql stable as $$
    select office_has_right($1, $2 || '_run') and exists (
        select from office_staff staff
        where staff.id = $1 and (staff.whole_city or staff.is_superuser or exists (
            select from office_staff_counties mine
            join insured_person person on person.county_id = mine.county_id
            where mine.staff_id = $1 and person.id = $3
        ))
    )
$$
"""

# Who entered it, or signed a step of what the claim is now, as a human being; also for somebody else.
HAD_A_HAND = """
create function settlement_had_a_hand(claim_id bigint, staff_id bigint) returns boolean
language sql stable as $$
    select exists (
        select from settlement_claim asked
        where asked.id = $1 and (
            office_person_of(asked.entered_by_id) = office_person_of($2)
            or exists (
                select from settlement_claimapproval signed
                where signed.claim_id = asked.id and signed.hash = settlement_claim_hash(asked)
                    and office_person_of($2) in
                        (office_person_of(signed.person_id), office_person_of(signed.on_behalf_of_id))
            )
        )
    )
$$
"""

GUARD = """
create or replace function settlement_guard_claim_approval() returns trigger language plpgsql as $$
declare
    asked settlement_claim;
begin
    -- Of two who sign at once the second waits here, and then finds the step signed.
    select * into asked from settlement_claim where id = new.claim_id for update;
    if asked.state is distinct from 'handed_in' or new.hash <> settlement_claim_hash(asked) then
        raise exception 'claim % is not, or no longer, what was approved', new.claim_id
            using errcode = 'restrict_violation';
    end if;
    if new.number <> settlement_claim_signed(asked) + 1 or new.step is distinct from asked.steps[new.number] then
        raise exception 'step % of claim % is not the next one', new.number, new.claim_id
            using errcode = 'restrict_violation';
    end if;
    if {may_not_sign} then
        raise exception 'staff % has no right to step % of claim %', new.person_id, new.step, new.claim_id
            using errcode = 'restrict_violation';
    end if;
    if acting_staff() is not null and new.person_id <> acting_staff() then
        raise exception 'a step of claim % is signed in the name of another', new.claim_id
            using errcode = 'restrict_violation';
    end if;
    if {had_a_hand} then
        raise exception 'staff % entered or signed another step of claim %', new.person_id, new.claim_id
            using errcode = 'restrict_violation';
    end if;
    new.at := now();
    return new;
end
$$
"""
GUARD_NOW = GUARD.format(
    may_not_sign="""
        not settlement_may_sign_claim(coalesce(new.on_behalf_of_id, new.person_id), new.step, asked.person_id)
        or not office_acts_for(new.person_id, coalesce(new.on_behalf_of_id, new.person_id))
        or not settlement_sees_claimant(new.person_id, asked.person_id)
    """,
    had_a_hand="""
        settlement_had_a_hand(asked.id, new.person_id) or settlement_had_a_hand(asked.id, new.on_behalf_of_id)
    """,
)
GUARD_BEFORE = GUARD.format(
    may_not_sign="not settlement_may_sign_claim(new.person_id, new.step, asked.person_id)",
    had_a_hand="""
        office_person_of(new.person_id) = office_person_of(asked.entered_by_id) or exists (
            select from settlement_claimapproval signed
            where signed.claim_id = asked.id and signed.hash = new.hash
                and office_person_of(signed.person_id) = office_person_of(new.person_id)
        )
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0042_late_releases_of_deposits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="claimapproval",
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
        migrations.RunSQL(SEES, "drop function settlement_sees_claimant(bigint, bigint)"),
        migrations.RunSQL(MAY_SIGN, MAY_SIGN_BEFORE),
        migrations.RunSQL(HAD_A_HAND, "drop function settlement_had_a_hand(bigint, bigint)"),
        migrations.RunSQL(GUARD_NOW, GUARD_BEFORE),
    ]
