"""The way of a statement is held by the database: what it comes to, whose hands it passes, what is deducted."""

from django.db import migrations

from office.append_only import append_only, revoke
from office.row_security import county_is_mine, protect

# What of a visit's fund part is not paid, or is recovered, in 分.
TAKEN_OFF = """
create function settlement_taken_off(of_visit bigint) returns integer
language sql stable security definer as $$
    select (100 * (
        coalesce((
            select sum(deduction.amount)
            from settlement_deduction deduction
            join settlement_statement standing on standing.id = deduction.statement_id and standing.state <> 'undone'
            where deduction.visit_id = of_visit
        ), 0) + coalesce((
            select sum(amount) from settlement_visitrecovery where visit_id = of_visit and state = 'posted'
        ), 0)
    ))::integer
$$
"""

# What a statement comes to by its lines, in yuan. wrong: how much of it is not as the visits have it.
SUMS = """
create function settlement_statement_sums(number bigint) returns table (
    visits integer, refunds integer, total numeric, eligible numeric, fund numeric, account numeric,
    family_account numeric, cash numeric, in_quota numeric, kept numeric, deducted numeric, wrong bigint
) language sql stable security definer as $$
    with line as materialized (
        select
            outcome.*, visit.reverses_id, visit.eligible, line.in_quota, line.payable,
            case
                when line.in_quota or visit.reverses_id is null then 0
                else least(-outcome.fund, settlement_taken_off(visit.reverses_id))
            end as kept
        from settlement_statementline line
        join settlement_visit visit on visit.id = line.visit_id
        join settlement_visitoutcome outcome on outcome.visit_id = visit.id
        where line.statement_id = number
    ),
    taken as (
        select
            coalesce(sum(deduction.amount), 0) as amount,
            count(*) filter (where deduction.visit_id is not null and line.in_quota is not false) as astray,
            count(*) filter (where deduction.visit_id is null) as lumps
        from settlement_deduction deduction
        left join settlement_statementline line
            on line.statement_id = number and line.visit_id = deduction.visit_id
        where deduction.statement_id = number
    ),
    summed as (
        select
            count(*) filter (where reverses_id is null) as visits, count(reverses_id) as refunds,
            coalesce(sum(total), 0) as total, coalesce(sum(eligible), 0) as eligible, coalesce(sum(fund), 0) as fund,
            coalesce(sum(account), 0) as account, coalesce(sum(family_account), 0) as family_account,
            coalesce(sum(cash), 0) as cash, coalesce(sum(fund) filter (where in_quota), 0) as in_quota,
            coalesce(sum(kept), 0) as kept,
            count(*) filter (
                where state = 'held' or payable <> case when in_quota then 0 else fund + kept end
            ) as wrong
        from line
    )
    select
        summed.visits::integer, summed.refunds::integer, summed.total / 100.0, summed.eligible / 100.0,
        summed.fund / 100.0, summed.account / 100.0, summed.family_account / 100.0, summed.cash / 100.0,
        summed.in_quota / 100.0, summed.kept / 100.0, taken.amount,
        summed.wrong + taken.astray + case
            when taken.lumps > 0
                and taken.amount > greatest(0, summed.fund - summed.in_quota + summed.kept) / 100.0
            then 1 else 0
        end
    from summed, taken
$$
"""

# All that a statement is but for how far it has come.
HASH = """
create function settlement_statement_hash(asked settlement_statement) returns text
language sql stable security definer set timezone = 'UTC' as $$
    select encode(sha256(convert_to(jsonb_build_array(
        to_jsonb(asked) - array['number', 'state', 'posted_at', 'reason', 'undo_asked_by_id', 'undone_by_id'],
        (
            select jsonb_agg(to_jsonb(deduction) order by deduction.id)
            from settlement_deduction deduction where deduction.statement_id = asked.id
        ),
        (
            select string_agg(
                concat_ws(
                    ' ', line.visit_id, line.in_quota, line.payable, outcome.total, outcome.fund, outcome.account,
                    outcome.family_account, outcome.cash
                ), ',' order by line.visit_id
            )
            from settlement_statementline line
            join settlement_visitoutcome outcome on outcome.visit_id = line.visit_id
            where line.statement_id = asked.id
        )
    )::text, 'utf8')), 'hex')
$$
"""

CHAIN = """
create function settlement_statement_chain() returns text[] language sql immutable as $$
    select array['review', 'audit', 'release']
$$
"""

# Steps signed in order for what the statement is now.
SIGNED = """
create function settlement_statement_signed(asked settlement_statement) returns integer
language sql stable security definer as $$
    select count(*)::integer from settlement_statementapproval
    where statement_id = asked.id and hash = settlement_statement_hash(asked)
        and step = (settlement_statement_chain())[number]
$$
"""

# Whether a statement is somebody's by its county; the municipal centre's are the whole city's (Nanchang 34).
REACHES = """
create function settlement_reaches(staff_id bigint, of_office text, of_county bigint) returns boolean
language sql stable security definer as $$
    select exists (
        select from office_staff staff
        where staff.id = $1 and staff.is_active and (
            staff.whole_city or staff.is_superuser or $2 = 'county' and exists (
                select from office_staff_counties mine where mine.staff_id = $1 and mine.county_id = $3
            )
        )
    )
$$
"""

# Whoever does something to a statement does so in their own name, with the right to it.
OWN_HAND = """
create function settlement_demand_own_hand(hand bigint, may boolean) returns void language plpgsql stable as $$
begin
    if acting_staff() is not null and hand <> acting_staff() then
        raise exception 'this is done in the name of another' using errcode = 'restrict_violation';
    end if;
    if may is not true then
        raise exception 'staff % has no right to this', hand using errcode = 'restrict_violation';
    end if;
end
$$
"""

GUARD = """
create function settlement_guard_statement() returns trigger language plpgsql security definer as $$
declare
    -- The number is made after this has looked.
    standing constant text[] := array['number', 'state', 'reason'];
    free text[];
    found record;
begin
    if tg_op = 'DELETE' then
        raise exception 'a statement is undone, not removed' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' then
        perform settlement_demand_own_hand(
            new.drawn_by_id,
            settlement_holds(new.drawn_by_id, 'add_statement')
                and settlement_reaches(new.drawn_by_id, new.office, new.county_id)
        );
        if new.state <> 'draft' then
            raise exception 'a statement begins as a draft' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (old.id, old.facility_id, old.scheme, old.month, old.county_id, old.office) is distinct from
       (new.id, new.facility_id, new.scheme, new.month, new.county_id, new.office) then
        raise exception 'statement % is of one month of one facility', old.id using errcode = 'restrict_violation';
    end if;
    free := case old.state || '>' || new.state
        when 'draft>draft' then array[
            'visits', 'refunds', 'total', 'eligible', 'fund', 'account', 'family_account', 'cash', 'in_quota', 'kept',
            'deducted', 'payable', 'drawn_by_id', 'drawn_at'
        ]
        when 'draft>sent' then array['sent_on']
        when 'sent>confirmed' then array['confirmed_name', 'confirmed_on', 'confirmed_reference']
        when 'confirmed>reviewed' then '{}'
        when 'reviewed>audited' then '{}'
        when 'audited>posted' then array['posted_at']
        when 'posted>posted' then array['undo_asked_by_id']
        when 'posted>undone' then array['undone_by_id']
        when 'draft>undone' then array['undone_by_id']
        when 'sent>draft' then array['sent_on']
        when 'confirmed>draft' then array['sent_on', 'confirmed_name', 'confirmed_on', 'confirmed_reference']
        when 'reviewed>draft' then array['sent_on', 'confirmed_name', 'confirmed_on', 'confirmed_reference']
        when 'audited>draft' then array['sent_on', 'confirmed_name', 'confirmed_on', 'confirmed_reference']
    end;
    if free is null or to_jsonb(new) - free - standing <> to_jsonb(old) - free - standing then
        raise exception 'statement % does not go so from % to %', old.id, old.state, new.state
            using errcode = 'restrict_violation', constraint = 'statement_step';
    end if;
    if new.state = 'sent' then
        select * into found from settlement_statement_sums(new.id);
        if found.wrong > 0 or (
            new.visits, new.refunds, new.total, new.eligible, new.fund, new.account, new.family_account, new.cash,
            new.in_quota, new.kept, new.deducted
        ) is distinct from (
            found.visits, found.refunds, found.total, found.eligible, found.fund, found.account,
            found.family_account, found.cash, found.in_quota, found.kept, found.deducted
        ) then
            raise exception 'statement % is not what its visits come to: draw it up again', new.id
                using errcode = 'check_violation', constraint = 'statement_sums_up';
        end if;
    elsif new.state in ('reviewed', 'audited', 'posted') and new.state <> old.state and
          settlement_statement_signed(new) < array_position(array['reviewed', 'audited', 'posted'], new.state::text) then
        raise exception 'statement % lacks signatures of what it is now', new.id
            using errcode = 'restrict_violation', constraint = 'statement_signed';
    elsif new.state = 'posted' and old.state = 'posted' and new.undo_asked_by_id is not null then
        perform settlement_demand_own_hand(
            new.undo_asked_by_id,
            settlement_holds(new.undo_asked_by_id, 'change_statement')
                and settlement_reaches(new.undo_asked_by_id, new.office, new.county_id)
        );
    elsif old.state = 'posted' and new.state = 'undone' then
        perform settlement_demand_own_hand(
            new.undone_by_id,
            office_has_right(new.undone_by_id, 'release_run')
                and settlement_reaches(new.undone_by_id, new.office, new.county_id)
        );
        if new.undo_asked_by_id is null
           or office_person_of(new.undo_asked_by_id) = office_person_of(new.undone_by_id) then
            raise exception 'a posted statement is undone by two people' using errcode = 'restrict_violation';
        end if;
    end if;
    return new;
end
$$
"""

# Looked at when the transaction ends: a posted statement has moved its money, an undone one none.
PROVE = """
create function settlement_prove_statement() returns trigger language plpgsql security definer as $$
begin
    if (case when new.state = 'posted' then new.payable else 0 end) is distinct from (
        select coalesce(sum(
            case when transfer.credit_id = own.id then transfer.amount else -transfer.amount end
        ), 0)
        from accounts_voucher voucher
        join accounts_transfer transfer on transfer.voucher_id = voucher.id
        join accounts_account own
            on own.id in (transfer.credit_id, transfer.debit_id) and own.facility_id = new.facility_id
            and own.scheme = new.scheme and own.kind in ('payable', 'receivable')
        where voucher.source = 'settlement.statement' and voucher.source_id = new.id
    ) then
        raise exception 'statement % has not moved what it says', new.id
            using errcode = 'check_violation', constraint = 'statement_moves_money';
    end if;
    if new.state <> 'undone' then
        return null;
    end if;
    if exists (select from settlement_statementline where statement_id = new.id and live) then
        raise exception 'statement % keeps its visits', new.id using errcode = 'check_violation';
    end if;
    if exists (
        select from accounts_voucher voucher
        join accounts_transfer transfer on transfer.voucher_id = voucher.id
        join settlement_paymentitem item on item.transfer_id = transfer.id and item.live
        where voucher.source = 'settlement.statement' and voucher.source_id = new.id
    ) then
        raise exception 'statement % stands on a payment order', new.id
            using errcode = 'check_violation', constraint = 'statement_on_no_order';
    end if;
    if exists (
        select from settlement_deduction deduction
        join settlement_visit visit on visit.id = deduction.visit_id
        join settlement_statementline line on line.visit_id = visit.reversed_by_id and line.live
        where deduction.statement_id = new.id
    ) then
        raise exception 'a refund on another statement counts a deduction of statement %', new.id
            using errcode = 'check_violation', constraint = 'statement_not_counted_on';
    end if;
    return null;
end
$$
"""

GUARD_APPROVAL = """
create function settlement_guard_statementapproval() returns trigger language plpgsql security definer as $$
declare
    asked settlement_statement;
begin
    -- Of two who sign at once the second waits here, and then finds the step signed.
    select * into asked from settlement_statement where id = new.statement_id for update;
    if new.hash <> settlement_statement_hash(asked) or new.number <> settlement_statement_signed(asked) + 1
       or new.step is distinct from (settlement_statement_chain())[new.number]
       or asked.state is distinct from (array['confirmed', 'reviewed', 'audited'])[new.number] then
        raise exception 'step % of statement % is not the next one, or not of what it is now', new.step, asked.id
            using errcode = 'restrict_violation', constraint = 'statement_signed';
    end if;
    perform settlement_demand_own_hand(
        new.person_id,
        office_has_right(new.person_id, new.step || '_run')
            and settlement_reaches(new.person_id, asked.office, asked.county_id)
    );
    if office_person_of(new.person_id) in (
        select office_person_of(asked.drawn_by_id)
        union all
        select office_person_of(entered_by_id) from settlement_deduction where statement_id = asked.id
        union all
        select office_person_of(person_id) from settlement_statementapproval
        where statement_id = asked.id and hash = new.hash
    ) then
        raise exception 'staff % drew up or signed another step of statement %', new.person_id, asked.id
            using errcode = 'restrict_violation', constraint = 'statement_by_different_people';
    end if;
    new.at := now();
    return new;
end
$$
"""

# Visits come onto drafts and leave them; of a statement that is undone they are let go.
GUARD_LINES = """
create function settlement_guard_statementlines() returns trigger language plpgsql security definer as $$
begin
    if tg_op = 'UPDATE' then
        if exists (
            select from old_rows was
            full join new_rows now using (id)
            left join settlement_statement standing on standing.id = now.statement_id
            where now.live or not was.live or standing.state <> 'undone'
                or (was.statement_id, was.visit_id, was.in_quota, was.payable)
                    is distinct from (now.statement_id, now.visit_id, now.in_quota, now.payable)
        ) then
            raise exception 'visits stay on their statement' using errcode = 'restrict_violation';
        end if;
    elsif exists (
        select from rows
        join settlement_statement standing on standing.id = rows.statement_id
        where standing.state <> 'draft' or not rows.live
    ) then
        raise exception 'visits come onto drafts alone' using errcode = 'restrict_violation';
    end if;
    return null;
end
$$
"""

# What may still be taken off a visit, in 分; its line is held, so that two never take the same.
ROOM = """
create function settlement_room(of_visit bigint, but_recovery bigint) returns integer
language plpgsql security definer as $$
declare
    paid integer;
begin
    perform from settlement_statementline where visit_id = of_visit and live for update;
    perform from settlement_visit where id = of_visit for share;
    select outcome.fund into paid
    from settlement_visit visit
    join settlement_visitoutcome outcome on outcome.visit_id = visit.id
    where visit.id = of_visit and visit.reversed_by_id is null and visit.reverses_id is null;
    return coalesce(paid, 0) - settlement_taken_off(of_visit) - coalesce((
        select 100 * sum(amount) from settlement_visitrecovery
        where visit_id = of_visit and state = 'proposed' and id is distinct from but_recovery
    ), 0);
end
$$
"""

GUARD_DEDUCTION = """
create function settlement_guard_deduction() returns trigger language plpgsql security definer as $$
declare
    asked settlement_statement;
    found record;
    entered settlement_deduction := coalesce(new, old);
begin
    select * into asked from settlement_statement where id = entered.statement_id for update;
    if tg_op = 'UPDATE' or asked.state <> 'draft' then
        raise exception 'deductions of statement % stay as they are', asked.id
            using errcode = 'restrict_violation', constraint = 'deduction_of_draft';
    end if;
    if tg_op = 'DELETE' then
        if exists (select from settlement_visit where id = old.visit_id and reversed_by_id is not null) then
            raise exception 'visit % was taken back: its refund counts this', old.visit_id
                using errcode = 'restrict_violation', constraint = 'deduction_counted_on';
        end if;
        return old;
    end if;
    perform settlement_demand_own_hand(
        new.entered_by_id,
        settlement_holds(new.entered_by_id, 'change_statement')
            and settlement_reaches(new.entered_by_id, asked.office, asked.county_id)
    );
    if new.visit_id is not null then
        if not exists (
            select from settlement_statementline
            where statement_id = asked.id and visit_id = new.visit_id and not in_quota
        ) or 100 * new.amount > settlement_room(new.visit_id, null) then
            raise exception 'more is deducted than is paid for visit %', new.visit_id
                using errcode = 'check_violation', constraint = 'deduction_within_payment';
        end if;
        return new;
    end if;
    select * into found from settlement_statement_sums(asked.id);
    if found.deducted + new.amount > greatest(0, found.fund - found.in_quota + found.kept) then
        raise exception 'more is deducted than is payable of statement %', asked.id
            using errcode = 'check_violation', constraint = 'deduction_within_payment';
    end if;
    return new;
end
$$
"""

GUARD_RECOVERY = """
create function settlement_guard_visitrecovery() returns trigger language plpgsql security definer as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'a recovery stays on record' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' then
        perform settlement_demand_own_hand(
            new.entered_by_id, settlement_holds(new.entered_by_id, 'add_visitrecovery')
        );
        if new.state <> 'proposed' or not exists (
            select from settlement_statementline line
            join settlement_statement standing on standing.id = line.statement_id and standing.state = 'posted'
            join settlement_visit visit on visit.id = line.visit_id
            join accounts_account owing
                on owing.id = new.account_id and owing.kind = 'receivable' and owing.scheme = standing.scheme
                and case new.debtor
                    when 'facility' then owing.facility_id = standing.facility_id
                    else owing.person_id = visit.person_id
                end
            where line.visit_id = new.visit_id and line.live
        ) then
            raise exception 'visit % was not paid to, or for, whoever is to give it back', new.visit_id
                using errcode = 'restrict_violation', constraint = 'visit_recovery_of_what_was_paid';
        end if;
    else
        if old.state <> 'proposed' or new.state = 'proposed' or
           to_jsonb(new) - array['state', 'decided_by_id', 'decided_at'] <>
           to_jsonb(old) - array['state', 'decided_by_id', 'decided_at'] then
            raise exception 'recovery % stays as it was decided', old.id using errcode = 'restrict_violation';
        end if;
        perform settlement_demand_own_hand(
            new.decided_by_id, settlement_holds(new.decided_by_id, 'decide_visitrecovery')
        );
        if office_person_of(new.decided_by_id) = office_person_of(new.entered_by_id) then
            raise exception 'whoever proposed recovery % does not decide on it', old.id
                using errcode = 'restrict_violation', constraint = 'visit_recovery_by_two';
        end if;
    end if;
    if new.state <> 'rejected' and 100 * new.amount > settlement_room(new.visit_id, new.id) then
        raise exception 'more is recovered than was paid for visit %', new.visit_id
            using errcode = 'check_violation', constraint = 'visit_recovery_within_payment';
    end if;
    return new;
end
$$
"""

PROVE_RECOVERY = """
create function settlement_prove_visitrecovery() returns trigger language plpgsql security definer as $$
begin
    if not exists (
        select from accounts_voucher voucher
        join accounts_transfer transfer on transfer.voucher_id = voucher.id
        where voucher.source = 'settlement.visitrecovery' and voucher.source_id = new.id
            and transfer.kind = 'recovery' and transfer.debit_id = new.account_id and transfer.amount = new.amount
    ) then
        raise exception 'recovery % has moved no money', new.id using errcode = 'check_violation';
    end if;
    return null;
end
$$
"""


def function(create: str) -> migrations.RunSQL:
    name = create.split("create function ")[1].split("(")[0]
    return migrations.RunSQL(create, f"drop function {name}")


def trigger(name: str, when: str, table: str, call: str, given: str = "for each row") -> migrations.RunSQL:
    return migrations.RunSQL(
        f"create trigger {name} {when} on {table} {given} execute function {call}()",
        f"drop trigger {name} on {table}",
    )


def proof(table: str, call: str, given: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"create constraint trigger prove after update on {table} deferrable initially deferred"
        f" for each row when ({given}) execute function {call}()",
        f"drop trigger prove on {table}",
    )


COUNTY = county_is_mine()
# What pages write is the county's own; what the municipal centre settles is written by those of the whole city.
WRITTEN = f"(office = 'county' and {COUNTY})"
STATEMENT_IS_MINE = "exists (select from settlement_statement standing where standing.id = statement_id)"
LINES = "settlement_statementline"


class Migration(migrations.Migration):
    dependencies = [("settlement", "0020_statements")]

    operations = [
        *(
            function(create)
            for create in (TAKEN_OFF, SUMS, HASH, CHAIN, SIGNED, REACHES, OWN_HAND, GUARD, PROVE, GUARD_APPROVAL)
            + (GUARD_LINES, ROOM, GUARD_DEDUCTION, GUARD_RECOVERY, PROVE_RECOVERY)
        ),
        trigger("guard", "before insert or update or delete", "settlement_statement", "settlement_guard_statement"),
        proof(
            "settlement_statement",
            "settlement_prove_statement",
            "old.state <> new.state and new.state in ('posted', 'undone')",
        ),
        trigger(
            "guard", "before insert", "settlement_statementapproval", "settlement_guard_statementapproval"
        ),
        trigger(
            "guard_insert", "after insert", LINES, "settlement_guard_statementlines",
            "referencing new table as rows for each statement",
        ),
        trigger(
            "guard_delete", "after delete", LINES, "settlement_guard_statementlines",
            "referencing old table as rows for each statement",
        ),
        trigger(
            "guard_update", "after update", LINES, "settlement_guard_statementlines",
            "referencing old table as old_rows new table as new_rows for each statement",
        ),
        trigger("guard", "before insert or update or delete", "settlement_deduction", "settlement_guard_deduction"),
        trigger(
            "guard", "before insert or update or delete", "settlement_visitrecovery",
            "settlement_guard_visitrecovery",
        ),
        proof(
            "settlement_visitrecovery",
            "settlement_prove_visitrecovery",
            "old.state <> new.state and new.state = 'posted'",
        ),
        *append_only("settlement_statementapproval"),
        *(revoke("truncate", table=table) for table in ("settlement_statement", LINES, "settlement_deduction")),
        *protect("settlement_statement", mine=COUNTY, written=WRITTEN),
        *(
            operation
            for table in (LINES, "settlement_deduction", "settlement_statementapproval")
            for operation in protect(table, mine=STATEMENT_IS_MINE)
        ),
        *protect(
            "settlement_visitrecovery",
            mine="exists (select from settlement_visit visit where visit.id = visit_id)",
        ),
    ]
