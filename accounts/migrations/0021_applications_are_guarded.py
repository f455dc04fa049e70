"""The database holds what was agreed: an application is done when all its steps are signed, and a closed
account is closed by one and stays empty.
"""

from django.db import migrations

from office.append_only import append_only, revoke
from office.row_security import protect

# The steps of an application, by what it does: who prepared the money's way never releases it.
CHAIN = """
create function accounts_chain(of_way text) returns text[] language sql immutable as $$
    select case of_way
        when 'nobody' then array['review']
        when 'undoing' then array['audit', 'release']
        else array['review', 'release']
    end
$$
"""

# All that an application is but for how far it has come and what it came to.
HASH = """
create function accounts_application_hash(asked accounts_application) returns text
language sql stable set timezone = 'UTC' as $$
    select encode(sha256(convert_to(jsonb_build_array(
        to_jsonb(asked) - array[
            'state', 'reason', 'balance', 'interest', 'deducted', 'receivable', 'paid', 'done_on'
        ],
        (
            select jsonb_agg(to_jsonb(share) - array['bank_account_sealed', 'amount'] order by share.id)
            from accounts_share share where share.application_id = asked.id
        )
    )::text, 'utf8')), 'hex')
$$
"""

# Steps signed in order for what the application is now.
SIGNED = """
create function accounts_steps_signed(asked accounts_application) returns integer language sql stable as $$
    select count(*)::integer from accounts_applicationapproval
    where application_id = asked.id and hash = accounts_application_hash(asked)
        and step = (accounts_chain(asked.way))[number]
$$
"""

# Who may sign a run's step may sign that of an application, in the counties they work for.
MAY_SIGN = """
create function accounts_may_sign(staff_id bigint, step text, account_id bigint) returns boolean
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

GUARD_APPROVAL = """
create function accounts_guard_approval() returns trigger language plpgsql as $$
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

GUARD = """
create function accounts_guard_application() returns trigger language plpgsql as $$
declare
    along text[] := array['state', 'reason'];
begin
    if tg_op = 'INSERT' then
        if new.state <> 'applied' or new.balance is not null then
            raise exception 'an application begins as one' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (old.state, new.state) = ('returned', 'applied') then
        if new.revision <= old.revision or new.account_id <> old.account_id then
            raise exception 'application % is applied for anew', old.id using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if new.state = 'done' then
        along := along || array['balance', 'interest', 'deducted', 'receivable', 'paid', 'done_on'];
    end if;
    if new.state = old.state or to_jsonb(new) - along <> to_jsonb(old) - along then
        raise exception 'application % cannot be changed', old.id using errcode = 'restrict_violation';
    end if;
    if (old.state, new.state) not in (
        ('applied', 'reviewed'), ('applied', 'done'), ('reviewed', 'done'), ('done', 'undone'),
        ('applied', 'returned'), ('reviewed', 'returned'),
        ('applied', 'cancelled'), ('reviewed', 'cancelled'), ('returned', 'cancelled')
    ) then
        raise exception 'application % cannot go from % to %', old.id, old.state, new.state
            using errcode = 'restrict_violation';
    end if;
    if new.state = 'reviewed' and accounts_steps_signed(new) < 1
       or new.state = 'done' and accounts_steps_signed(new) < cardinality(accounts_chain(new.way)) then
        raise exception 'application % lacks approvals of what it is now', old.id
            using errcode = 'restrict_violation';
    end if;
    if new.state = 'undone' and not exists (
        select from accounts_application undoing where undoing.reverses_id = old.id and undoing.state = 'done'
    ) then
        raise exception 'nothing has undone application %', old.id using errcode = 'restrict_violation';
    end if;
    return new;
end
$$
"""

# What follows from an application that is done, for pages too, which may not touch accounts themselves.
CARRY_OUT = """
create function accounts_carry_out() returns trigger language plpgsql security definer as $$
begin
    if new.closes then
        update accounts_account set closed_on = new.done_on where id = new.account_id;
    elsif new.reverses_id is not null then
        update accounts_account set closed_on = null
        where id = new.account_id and closed_on is not null
            and exists (select from accounts_application where id = new.reverses_id and closes);
        update accounts_application set state = 'undone' where id = new.reverses_id;
    end if;
    return null;
end
$$
"""

# Looked at when the transaction ends: an application that moves money has moved it.
MOVED = """
create function accounts_demand_moved() returns trigger language plpgsql security definer as $$
begin
    if (
        coalesce(new.amount, 0) + coalesce(new.interest, 0) + coalesce(new.deducted, 0) + coalesce(new.paid, 0) > 0
        or exists (
            select from accounts_voucher
            where source = 'accounts.application' and source_id = new.reverses_id
        )
    ) and not exists (
        select from accounts_voucher where source = 'accounts.application' and source_id = new.id
    ) then
        raise exception 'application % has moved no money', new.id using errcode = 'restrict_violation';
    end if;
    return null;
end
$$
"""

GUARD_SHARE = """
create function accounts_guard_share() returns trigger language plpgsql as $$
declare
    standing text;
begin
    select state into standing from accounts_application where id = coalesce(new.application_id, old.application_id);
    if tg_op = 'UPDATE' then
        -- What each gets is told when it is paid; sealing again under another key changes nothing.
        if to_jsonb(new) - array['amount', 'bank_account_sealed'] = to_jsonb(old) - array['amount', 'bank_account_sealed']
           and (new.amount is not distinct from old.amount or old.amount is null and standing = 'reviewed') then
            return new;
        end if;
    elsif standing in ('applied', 'returned') then
        return coalesce(new, old);
    end if;
    raise exception 'shares of application % cannot be changed', coalesce(new.application_id, old.application_id)
        using errcode = 'restrict_violation';
end
$$
"""

# On a closed account nothing moves, whoever asks; it goes along when two records of one person are merged.
GUARD_CLOSED = """
create function accounts_guard_closed() returns trigger language plpgsql security definer as $$
begin
    if old.closed_on is null then
        if exists (
            select from accounts_application
            where account_id = new.id and closes and state = 'done' and done_on = new.closed_on
        ) then
            return new;
        end if;
    elsif new.closed_on is null then
        if exists (
            select from accounts_application undoing
            join accounts_application undone on undone.id = undoing.reverses_id
            where undone.account_id = new.id and undone.closes and undone.state = 'done' and undoing.state = 'done'
        ) then
            return new;
        end if;
    elsif new.person_id <> old.person_id then
        return new;
    end if;
    raise exception 'account % is closed', old.id using errcode = 'restrict_violation';
end
$$
"""

# An heir's own account, of whatever county, for whoever knows the heir's name and document.
HEIR = """
create function accounts_of_heir(document bytea, heir_name text, of_scheme text) returns bigint
language sql stable security definer as $$
    select account.id
    from insured_person person
    join accounts_account account
        on account.person_id = person.id and account.kind = 'person' and account.scheme = $3
    where person.document_index = $1 and person.name = $2 and person.died_on is null
        and person.merged_into_id is null and account.closed_on is null
$$
"""


def function(create: str) -> migrations.RunSQL:
    name = create.split("create function ")[1].split("(")[0]
    return migrations.RunSQL(create, f"drop function {name}")


def trigger(name: str, when: str, table: str, call: str, *, kind: str = "trigger", given: str = "") -> migrations.RunSQL:
    return migrations.RunSQL(
        f"create {kind} {name} {when} on {table} {given} execute function {call}()",
        f"drop trigger {name} on {table}",
    )


ROW = "for each row"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_applications"), ("office", "0019_kinds_of_run")]

    operations = [
        *(
            function(create)
            for create in (CHAIN, HASH, SIGNED, MAY_SIGN, GUARD_APPROVAL, GUARD, CARRY_OUT, MOVED)
            + (GUARD_SHARE, GUARD_CLOSED, HEIR)
        ),
        trigger(
            "guard_approval", "before insert", "accounts_applicationapproval", "accounts_guard_approval", given=ROW
        ),
        trigger(
            "guard_application", "before insert or update", "accounts_application", "accounts_guard_application",
            given=ROW,
        ),
        trigger(
            "carry_out", "after update", "accounts_application", "accounts_carry_out",
            given=f"{ROW} when (old.state <> 'done' and new.state = 'done')",
        ),
        trigger(
            "demand_moved", "after update", "accounts_application", "accounts_demand_moved",
            kind="constraint trigger",
            given=f"deferrable initially deferred {ROW} when (old.state <> 'done' and new.state = 'done')",
        ),
        trigger(
            "guard_share", "before insert or update or delete", "accounts_share", "accounts_guard_share", given=ROW
        ),
        trigger(
            "guard_closed", "before update", "accounts_account", "accounts_guard_closed",
            given=f"{ROW} when (old.closed_on is not null or new.closed_on is not null)",
        ),
        *append_only("accounts_applicationapproval"),
        revoke("delete, truncate", table="accounts_application"),
        *protect(
            "accounts_application",
            mine="exists (select from accounts_account account where account.id = account_id)",
        ),
        *(
            operation
            for table in ("accounts_share", "accounts_applicationapproval")
            for operation in protect(
                table, mine="exists (select from accounts_application asked where asked.id = application_id)"
            )
        ),
    ]
