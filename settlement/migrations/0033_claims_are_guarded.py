"""The database holds the way of a claim: its receipts, its figures, whose signatures it bears, what it posted."""

from django.db import migrations

from office.append_only import append_only, revoke
from office.row_security import protect

# The steps of a claim by what the fund pays.
STEPS = """
create function settlement_claim_steps(amount numeric) returns text[] language sql stable security definer as $$
    select coalesce(array_agg(step order by number), '{}') from settlement_claimstep where from_amount <= amount
$$
"""

# What the live receipts of a claim came to, in yuan; none when one of them is not settled, or on hold.
FIGURES = """
create function settlement_claim_figures(claim bigint, out total numeric, out fund numeric)
language sql stable security definer as $$
    select sum(outcome.total) / 100.0, sum(outcome.fund) / 100.0
    from settlement_claimreceipt receipt
    join settlement_visit visit on visit.id = receipt.visit_id
    left join settlement_visitoutcome outcome on outcome.visit_id = receipt.visit_id
    where receipt.claim_id = $1 and receipt.live
    having bool_and(coalesce(outcome.state in ('paid', 'denied'), false) and visit.reversed_by_id is null)
$$
"""

# All that a claim is but for how far it has come; its receipts with what they say and what became of them.
HASH = """
create function settlement_claim_hash(asked settlement_claim) returns text
language sql stable set timezone = 'UTC' as $$
    select encode(sha256(convert_to(jsonb_build_array(
        to_jsonb(asked) - array[
            'number', 'state', 'note', 'decision', 'decided_on', 'account_sealed', 'phone_sealed', 'sealed_for'
        ],
        (
            select jsonb_agg(
                jsonb_build_array(to_jsonb(receipt), to_jsonb(visit), to_jsonb(outcome)) order by receipt.id
            )
            from settlement_claimreceipt receipt
            join settlement_visit visit on visit.id = receipt.visit_id
            left join settlement_visitoutcome outcome on outcome.visit_id = receipt.visit_id
            where receipt.claim_id = asked.id and receipt.live
        )
    )::text, 'utf8')), 'hex')
$$
"""

# Steps signed in order for what the claim is now.
SIGNED = """
create function settlement_claim_signed(asked settlement_claim) returns integer language sql stable as $$
    select count(*)::integer from settlement_claimapproval
    where claim_id = asked.id and hash = settlement_claim_hash(asked) and step = asked.steps[number]
$$
"""

# Who may sign a run's step may sign that of a claim, in the counties they work for.
MAY_SIGN = """
create function settlement_may_sign_claim(staff_id bigint, step text, of_person bigint) returns boolean
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

GUARD_APPROVAL = """
create function settlement_guard_claim_approval() returns trigger language plpgsql as $$
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
    if not settlement_may_sign_claim(new.person_id, new.step, asked.person_id) then
        raise exception 'staff % has no right to step % of claim %', new.person_id, new.step, new.claim_id
            using errcode = 'restrict_violation';
    end if;
    if acting_staff() is not null and new.person_id <> acting_staff() then
        raise exception 'a step of claim % is signed in the name of another', new.claim_id
            using errcode = 'restrict_violation';
    end if;
    if office_person_of(new.person_id) = office_person_of(asked.entered_by_id) or exists (
        select from settlement_claimapproval signed
        where signed.claim_id = asked.id and signed.hash = new.hash
            and office_person_of(signed.person_id) = office_person_of(new.person_id)
    ) then
        raise exception 'staff % entered or signed another step of claim %', new.person_id, new.claim_id
            using errcode = 'restrict_violation';
    end if;
    new.at := now();
    return new;
end
$$
"""

GUARD = """
create function settlement_guard_claim() returns trigger language plpgsql as $$
declare
    -- The number is generated from the key after this.
    always constant text[] := array['number', 'person_id', 'account_sealed', 'phone_sealed'];
    way constant text := old.state || '>' || new.state;
    along text[];
    figures record;
begin
    if tg_op = 'DELETE' then
        raise exception 'a claim is cancelled, not removed' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' then
        if new.state <> 'open' or new.fund is not null or new.revision <> 0 then
            raise exception 'a claim begins open' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    -- It goes along when two records of one person are merged, and may be sealed under another key.
    if to_jsonb(new) - always = to_jsonb(old) - always then
        return new;
    end if;
    along := always || case way
        when 'open>open' then array[
            'reason', 'applicant', 'applicant_name', 'sealed_for', 'payee_name', 'bank_name', 'account_index',
            'phone_index', 'documents'
        ]
        when 'open>handed_in' then array['state', 'note', 'total', 'fund', 'steps', 'revision']
        when 'handed_in>open' then array['state', 'note', 'total', 'fund', 'steps']
        when 'handed_in>decided' then array['state', 'decision', 'decided_on']
        when 'open>cancelled' then array['state', 'note']
        when 'handed_in>cancelled' then array['state', 'note']
        when 'decided>undone' then array['state', 'note']
    end;
    if along is null or to_jsonb(new) - along <> to_jsonb(old) - along then
        raise exception 'claim % cannot be changed so, or go from % to %', old.id, old.state, new.state
            using errcode = 'restrict_violation';
    end if;
    if way = 'open>handed_in' then
        select * into figures from settlement_claim_figures(new.id);
        if (new.total, new.fund) is distinct from (figures.total, figures.fund) or figures.fund is null
           or new.steps::text[] <> settlement_claim_steps(new.fund) or new.revision <= old.revision then
            raise exception 'claim % is not handed in as its receipts and the chain have it', old.id
                using errcode = 'restrict_violation';
        end if;
    end if;
    if way = 'handed_in>open' and num_nonnulls(new.total, new.fund) > 0 then
        raise exception 'claim % is open and has figures', old.id using errcode = 'restrict_violation';
    end if;
    if way = 'handed_in>decided' and settlement_claim_signed(new) < cardinality(new.steps) then
        raise exception 'claim % lacks approvals of what it is now', old.id using errcode = 'restrict_violation';
    end if;
    return new;
end
$$
"""

# Looked at when the transaction ends: what was decided is posted, what was given up is given back.
PROVE = """
create function settlement_prove_claim() returns trigger language plpgsql security definer as $$
declare
    claim settlement_claim;
    owed numeric;
begin
    select * into claim from settlement_claim where id = new.id;
    select coalesce(sum(transfer.amount), 0) into owed
    from accounts_voucher voucher
    join accounts_transfer transfer on transfer.voucher_id = voucher.id and transfer.kind = 'reimbursement'
    join accounts_account owing on owing.id = transfer.credit_id and owing.kind = 'owed'
    where voucher.source = 'settlement.claim' and voucher.source_id = claim.id
        and not exists (select from accounts_transfer back where back.reverses_id = transfer.id);
    if owed <> (case claim.state when 'decided' then claim.fund else 0 end) then
        raise exception 'claim % posted %, and should %', claim.id, owed, claim.fund
            using errcode = 'check_violation', constraint = 'claim_posted_what_was_decided';
    end if;
    if claim.state in ('cancelled', 'undone')
       and exists (select from settlement_claimreceipt where claim_id = claim.id and live) then
        raise exception 'claim % is given up and still has receipts', new.id
            using errcode = 'check_violation', constraint = 'claim_gives_back_its_receipts';
    end if;
    return null;
end
$$
"""

GUARD_RECEIPT = """
create function settlement_guard_receipt() returns trigger language plpgsql security definer as $$
declare
    standing text;
begin
    if tg_op <> 'DELETE' then
        select state into standing from settlement_claim where id = new.claim_id for share;
    end if;
    if tg_op = 'INSERT' and standing = 'open' and new.live and exists (
        select from settlement_visit visit
        join settlement_visitbatch batch on batch.id = visit.batch_id and batch.kind = 'claim'
        join settlement_claim claim on claim.id = new.claim_id
        where visit.id = new.visit_id and visit.reverses_id is null and visit.bill = new.number
            and (visit.person_id, visit.scheme) = (claim.person_id, claim.scheme)
    ) then
        return new;
    end if;
    if tg_op = 'UPDATE' and standing in ('open', 'cancelled', 'undone') and old.live and not new.live
       and to_jsonb(new) - 'live' = to_jsonb(old) - 'live'
       and exists (select from settlement_visit where id = new.visit_id and reversed_by_id is not null) then
        return new;
    end if;
    raise exception '% of a receipt is refused: its claim is %', tg_op, standing
        using errcode = 'restrict_violation';
end
$$
"""

# The visits of claims are taken back by their claims alone. Asked of refunds only, and after they are entered, so
# that a million visits are entered no slower.
GUARD_REFUND = """
create function settlement_guard_claimed_visit() returns trigger language plpgsql security definer as $$
begin
    if exists (
        select from settlement_claimreceipt receipt
        join settlement_claim claim on claim.id = receipt.claim_id
        where receipt.visit_id = new.reverses_id and claim.state in ('handed_in', 'decided')
    ) then
        raise exception 'visit % belongs to a claim that is handed in', new.reverses_id
            using errcode = 'restrict_violation';
    end if;
    return null;
end
$$
"""

# A facility that is not on record, for whoever takes in claims: the receipt names it, nobody keeps it.
ENTER_FACILITY = """
create function settlement_enter_facility(named text, of_level text, in_county bigint) returns bigint
language plpgsql security definer as $$
declare
    number bigint;
begin
    if acting_staff() is not null and (
        not settlement_holds(acting_staff(), 'add_claim')
        or in_county is not null and not acting_for_whole_city() and in_county <> all (acting_counties())
    ) then
        raise exception 'staff % takes in no claims there', acting_staff() using errcode = 'insufficient_privilege';
    end if;
    perform pg_advisory_xact_lock(4211);
    select id into number
    from facilities_facility
    where name = named and county_id is not distinct from in_county and level = of_level and code like 'W%';
    if number is null then
        number := nextval(pg_get_serial_sequence('facilities_facility', 'id'));
        insert into facilities_facility
            (id, code, name, level, kind, county_id, credit_code, bank_holder, bank_name, office)
        values (
            number, 'W' || lpad(number::text, 11, '0'), named, of_level, 'hospital', in_county, '', '', '', 'county'
        );
    end if;
    return number;
end
$$
"""

FIRST_STEPS = """
insert into settlement_claimstep (number, step, from_amount)
values (1, 'check', 0), (2, 'review', 0), (3, 'audit', 5000)
"""


def function(create: str) -> migrations.RunSQL:
    name = create.split("create function ")[1].split("(")[0]
    return migrations.RunSQL(create, f"drop function {name}")


def trigger(name: str, when: str, table: str, call: str, *, kind: str = "trigger", given: str = "") -> migrations.RunSQL:
    late = "deferrable initially deferred" if kind == "constraint trigger" else ""
    return migrations.RunSQL(
        f"create {kind} {name} {when} on {table} {late} for each row {given} execute function {call}()",
        f"drop trigger {name} on {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("settlement", "0032_manual_reimbursements")]

    operations = [
        *(
            function(create)
            for create in (STEPS, FIGURES, HASH, SIGNED, MAY_SIGN, GUARD_APPROVAL, GUARD, PROVE)
            + (GUARD_RECEIPT, GUARD_REFUND, ENTER_FACILITY)
        ),
        trigger(
            "guard_approval", "before insert", "settlement_claimapproval", "settlement_guard_claim_approval"
        ),
        trigger("guard_claim", "before insert or update or delete", "settlement_claim", "settlement_guard_claim"),
        trigger(
            "prove_claim", "after update", "settlement_claim", "settlement_prove_claim",
            kind="constraint trigger",
            given="when (old.state <> new.state and new.state in ('decided', 'cancelled', 'undone'))",
        ),
        trigger(
            "guard_receipt", "before insert or update or delete", "settlement_claimreceipt",
            "settlement_guard_receipt",
        ),
        trigger(
            "guard_claimed", "after insert", "settlement_visit", "settlement_guard_claimed_visit",
            given="when (new.reverses_id is not null)",
        ),
        *append_only("settlement_claimapproval"),
        revoke("delete, truncate", table="settlement_claim"),
        revoke("delete, truncate", table="settlement_claimreceipt"),
        *protect(
            "settlement_claim", mine="exists (select from insured_person person where person.id = person_id)"
        ),
        *(
            operation
            for table in ("settlement_claimreceipt", "settlement_claimapproval")
            for operation in protect(
                table, mine="exists (select from settlement_claim claim where claim.id = claim_id)"
            )
        ),
        migrations.RunSQL(FIRST_STEPS, "delete from settlement_claimstep"),
    ]
