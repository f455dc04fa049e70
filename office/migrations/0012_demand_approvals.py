"""The database holds the chain of approval: whoever asks, by whatever way, no run is posted without it.

A signature counts while the run is, to the last figure, what was signed: `office_approval_hash` is worked out
anew whenever it matters. Columns added to runs are bound by it without being named; only what changes by
approving and posting is left out.
"""

from django.db import migrations

from office.append_only import append_only

# All sign-ins of one human being give the same text.
PERSON_OF = """
create function office_person_of(staff_id bigint) returns text language sql stable as $$
    select person_key from office_staff where id = $1
$$
"""

# The rights of somebody's roles, whatever counties they work for.
HAS_RIGHT = """
create function office_has_right(staff_id bigint, permission text) returns boolean language sql stable as $$
    select exists (
        select from office_staff staff
        where staff.id = $1 and staff.is_active and (staff.is_superuser or exists (
            select from auth_permission given
            join django_content_type type on type.id = given.content_type_id and type.app_label = 'office'
            where given.codename = $2 and (
                exists (
                    select from office_staff_groups role
                    join auth_group_permissions of_role using (group_id)
                    where role.staff_id = $1 and of_role.permission_id = given.id
                )
                or exists (
                    select from office_staff_user_permissions own
                    where own.staff_id = $1 and own.permission_id = given.id
                )
            )
        ))
    )
$$
"""

# A run concerns the whole city, and so does the right to sign one.
HOLDS = """
create function office_holds(staff_id bigint, permission text) returns boolean language sql stable as $$
    select office_has_right($1, $2)
        and exists (select from office_staff staff where staff.id = $1 and (whole_city or is_superuser))
$$
"""

# Rights of others are used from the first to the last day of a delegation, by the agency's clock.
ACTS_FOR = """
create function office_acts_for(delegate bigint, principal bigint) returns boolean language sql stable as $$
    select $1 = $2 or exists (
        select from office_delegation given
        where given.delegate_id = $1 and given.principal_id = $2 and given.revoked_at is null
          and (now() at time zone 'Asia/Shanghai')::date between given.first_day and given.last_day
    )
$$
"""

# What was acknowledged of a run before it was approved; told by whoever keeps it.
ACKNOWLEDGED = """
create function office_acknowledged(run_id bigint) returns text language sql stable as $$
    select ''
$$
"""

APPROVAL_HASH = """
create function office_approval_hash(run office_run) returns text
language sql stable set timezone = 'UTC' as $$
    select encode(sha256(convert_to(jsonb_build_array(
        to_jsonb(run) - array[
            'state', 'error', 'reviewed_by_id', 'reviewed_at', 'booked_in', 'posted_at', 'seal', 'seal_number'
        ],
        (select sha256 from office_policyversion where id = run.policy_id),
        (
            select jsonb_agg(jsonb_build_array(number, rows, amount, first_line, last_line, digest) order by number)
            from office_runchunk where run_id = run.id
        ),
        (
            select encode(sha256(convert_to(string_agg(found::text, e'\\n' order by found.id), 'utf8')), 'hex')
            from office_runexception found where run_id = run.id
        ),
        office_acknowledged(run.id)
    )::text, 'utf8')), 'hex')
$$
"""

# Who had a hand in a run as it was last computed: number 0 for who prepared it or had it computed, else the
# step; who signed on behalf of somebody stands there with that person.
PEOPLE_OF_RUN = """
create function office_people_of_run(run_id bigint) returns table (number integer, person text)
language sql stable as $$
    select 0, office_person_of(prepared_by_id) from office_run where id = $1 and prepared_by_id is not null
    union
    select 0, office_person_of(actor_id) from office_runevent event
    where event.run_id = $1 and act in ('prepare', 'compute') and actor_id is not null
    union
    select signed.number, office_person_of(who)
    from office_runapproval signed
    join office_run run on run.id = signed.run_id and run.computation = signed.computation
    cross join unnest(array[person_id, on_behalf_of_id]) who
    where signed.run_id = $1 and who is not null
$$
"""

# Steps signed in order for what the run is now.
SIGNED = """
create function office_steps_signed(run office_run) returns integer language sql stable as $$
    select count(*)::integer from office_runapproval
    where run_id = run.id and hash = office_approval_hash(run) and step = run.chain[number]
$$
"""

GUARD_APPROVAL = """
create function office_guard_approval() returns trigger language plpgsql as $$
declare
    run office_run;
begin
    -- Of two who sign at once the second waits here, and then finds the step signed.
    select * into run from office_run where id = new.run_id for update;
    if run.state not in ('computed', 'reviewed') or new.hash <> office_approval_hash(run) then
        raise exception 'run % is not, or no longer, what was approved', new.run_id
            using errcode = 'restrict_violation';
    end if;
    if new.number <> office_steps_signed(run) + 1 or new.step is distinct from run.chain[new.number] then
        raise exception 'step % of run % is not the next one', new.number, new.run_id
            using errcode = 'restrict_violation';
    end if;
    if not office_holds(coalesce(new.on_behalf_of_id, new.person_id), new.step || '_run')
       or not office_acts_for(new.person_id, coalesce(new.on_behalf_of_id, new.person_id))
       or not exists (
           select from office_staff where id = new.person_id and is_active and (whole_city or is_superuser)
       ) then
        raise exception 'staff % has no right to step % of run %', new.person_id, new.step, new.run_id
            using errcode = 'restrict_violation';
    end if;
    if exists (
        select from office_people_of_run(new.run_id) had_a_hand
        where had_a_hand.number <> new.number
          and had_a_hand.person in (office_person_of(new.person_id), office_person_of(new.on_behalf_of_id))
    ) then
        raise exception 'staff % prepared run % or signed another step of it', new.person_id, new.run_id
            using errcode = 'restrict_violation';
    end if;
    new.computation := run.computation;
    new.at := now();
    return new;
end
$$
"""

GUARD_RUN = """
create function office_guard_run() returns trigger language plpgsql as $$
declare
    needed text[];
begin
    if tg_op = 'INSERT' then
        if new.state <> 'draft' then
            raise exception 'a run begins as a draft' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if old.state = 'draft' and new.state = 'computed' then
        if new.computation > old.computation
           and new.chain = (select steps from office_approvalchain where kind = new.kind) then
            return new;
        end if;
        raise exception 'run % is not computed under the chain of its kind', new.id
            using errcode = 'restrict_violation';
    end if;
    if new.computation <> old.computation or new.chain <> old.chain then
        raise exception 'the chain of run % cannot be changed', new.id using errcode = 'restrict_violation';
    end if;
    if new.state = old.state then
        return new;
    end if;
    if (old.state, new.state) not in (
        ('draft', 'cancelled'), ('computed', 'cancelled'), ('reviewed', 'cancelled'),
        ('computed', 'draft'), ('reviewed', 'draft'),
        ('computed', 'reviewed'), ('reviewed', 'posting'), ('posting', 'posted'), ('posted', 'reversed'),
        ('posting', 'cancelled')
    ) then
        raise exception 'run % cannot go from % to %', new.id, old.state, new.state
            using errcode = 'restrict_violation';
    end if;
    if new.state in ('reviewed', 'posting') then
        needed := case new.state when 'posting' then new.chain else array_remove(new.chain, 'release') end;
        if cardinality(needed) = 0 or office_steps_signed(new) < cardinality(needed) then
            raise exception 'run % lacks approvals of what it is now', new.id using errcode = 'restrict_violation';
        end if;
        if exists (select from office_people_of_run(new.id) group by person having count(distinct number) > 1) then
            raise exception 'one person prepared run % and signed it, or signed two of its steps', new.id
                using errcode = 'restrict_violation';
        end if;
    end if;
    if old.state = 'posting' and new.state = 'cancelled'
       and exists (select from office_runchunk where run_id = new.id and posted_at is not null) then
        raise exception 'part of run % is posted', new.id using errcode = 'restrict_violation';
    end if;
    if new.state = 'reversed' and not exists (
        select from office_run reversal where reversal.reverses_id = new.id and reversal.state = 'posted'
    ) then
        raise exception 'nothing has reversed run %', new.id using errcode = 'restrict_violation';
    end if;
    return new;
end
$$
"""

# A delegation is made and may be revoked; it is never extended, moved to somebody else or removed.
GUARD_DELEGATION = """
create function office_guard_delegation() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.revoked_at is null and new.revoked_at is not null
       and to_jsonb(new) - array['revoked_at', 'revoked_by_id'] = to_jsonb(old) - array['revoked_at', 'revoked_by_id']
    then
        return new;
    end if;
    raise exception 'delegation % can only be revoked', old.id using errcode = 'restrict_violation';
end
$$
"""

CHAINS_MAKE_SENSE = """
alter table office_approvalchain add constraint approval_chain_makes_sense check (
    cardinality(steps) between 1 and 6
    and steps <@ array['check', 'review', 'audit', 'release']::varchar[]
    and steps[1] <> 'release'
    and coalesce(array_position(steps, 'release'), cardinality(steps)) = cardinality(steps)
)
"""

# Runs that waited for approval when chains came are computed again, under one.
RECOMPUTE = """
update office_run set state = 'draft', computed_at = null, reviewed_by_id = null, reviewed_at = null
where state in ('computed', 'reviewed')
"""


def function(create: str) -> migrations.RunSQL:
    name = create.split("create function ")[1].split("(")[0]
    return migrations.RunSQL(create, f"drop function {name}")


class Migration(migrations.Migration):
    dependencies = [("office", "0011_approval_chains")]

    operations = [
        migrations.RunSQL(RECOMPUTE, migrations.RunSQL.noop),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RunSQL(
            CHAINS_MAKE_SENSE, "alter table office_approvalchain drop constraint approval_chain_makes_sense"
        ),
        *(
            function(create)
            for create in (PERSON_OF, HAS_RIGHT, HOLDS, ACTS_FOR, ACKNOWLEDGED, APPROVAL_HASH, PEOPLE_OF_RUN, SIGNED)
            + (GUARD_APPROVAL, GUARD_RUN, GUARD_DELEGATION)
        ),
        migrations.RunSQL(
            """
            create trigger guard_approval before insert on office_runapproval
            for each row execute function office_guard_approval()
            """,
            "drop trigger guard_approval on office_runapproval",
        ),
        migrations.RunSQL(
            """
            create trigger guard_run before insert or update on office_run
            for each row execute function office_guard_run()
            """,
            "drop trigger guard_run on office_run",
        ),
        migrations.RunSQL(
            """
            create trigger guard_delegation before update or delete on office_delegation
            for each row execute function office_guard_delegation()
            """,
            "drop trigger guard_delegation on office_delegation",
        ),
        *append_only("office_runapproval"),
        *append_only("office_runevent"),
    ]
