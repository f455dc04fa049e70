"""Pages move money by functions alone, and vouchers are only ever written to."""

from django.db import migrations

from office.append_only import append_only
from office.row_security import protect

OPEN = """
create function accounts_open(
    wanted_kind text, wanted_scheme text, of_person bigint, of_facility bigint, of_employer bigint
) returns bigint language plpgsql security definer as $$
declare
    number bigint;
begin
    loop
        select id into number
        from accounts_account account
        where account.kind = wanted_kind and account.scheme = wanted_scheme
            and account.person_id is not distinct from of_person
            and account.facility_id is not distinct from of_facility
            and account.employer_id is not distinct from of_employer;
        exit when found;
        insert into accounts_account (kind, scheme, person_id, facility_id, employer_id, opened_on)
        values (wanted_kind, wanted_scheme, of_person, of_facility, of_employer, agency_today())
        on conflict do nothing;
    end loop;
    return number;
end
$$
"""

HOLD = """
create function accounts_hold(numbers bigint[]) returns table (id bigint, balance numeric)
language plpgsql security definer as $$
begin
    return query
        select account.id, account.balance
        from accounts_account account
        where account.id = any (numbers)
        order by
            case
                when account.person_id is not null then 0
                when num_nonnulls(account.facility_id, account.employer_id) = 1 then 1
                else 2
            end,
            account.id
        for no key update;
end
$$
"""

# What a voucher's digest is taken over: `verify_books` takes it again from the transfers.
DIGEST = """
create function accounts_digest(
    debits bigint[], credits bigint[], amounts numeric[], kinds text[], covered date[], reversed bigint[]
) returns text language sql immutable as $$
    select encode(sha256(convert_to(string_agg(
        concat_ws(' ', debit, credit, amount::numeric(14, 2), kind, month, coalesce(reverses, 0)), e'\\n'
        order by credit, debit, kind, month, amount, reverses
    ), 'utf8')), 'hex')
    from unnest(debits, credits, amounts, kinds, covered, reversed)
        as move (debit, credit, amount, kind, month, reverses)
$$
"""

POST = """
create function accounts_post(
    of_scheme text, in_month date, of_source text, of_source_id bigint,
    debits bigint[], credits bigint[], amounts numeric[], kinds text[], covered date[], reversed bigint[]
) returns bigint language plpgsql security definer as $$
declare
    voucher bigint;
    moved integer;
    named integer;
begin
    perform accounts_hold(debits || credits);
    if acting_staff() is not null and not acting_for_whole_city() and not exists (
        select from accounts_account account
        left join insured_person person on person.id = account.person_id
        left join facilities_facility facility on facility.id = account.facility_id
        where account.id = any (debits || credits)
            and coalesce(person.county_id, facility.county_id) = any (acting_counties())
    ) then
        raise exception 'a voucher moves money of nobody in these counties'
            using errcode = 'insufficient_privilege';
    end if;
    insert into accounts_voucher
        (scheme, month, source, source_id, rows, amount, digest, posted_by_id, origin, posted_at)
    values (
        of_scheme, in_month, of_source, of_source_id, cardinality(amounts),
        (select sum(amount) from unnest(amounts) as amount),
        accounts_digest(debits, credits, amounts, kinds, covered, reversed),
        acting_staff(), coalesce(nullif(current_setting('gongji.origin', true), ''), 'command_line'), now()
    )
    returning id into voucher;
    insert into accounts_transfer
        (debit_id, credit_id, amount, kind, month, covers, attempt, voucher_id, reverses_id, created_at)
    select debit, credit, amount, kind, in_month, month, 0, voucher, reverses, now()
    from unnest(debits, credits, amounts, kinds, covered, reversed)
        with ordinality as move (debit, credit, amount, kind, month, reverses, place)
    order by place;
    with movement as (
        select account, sum(amount) as amount
        from (
            select account, amount from unnest(credits, amounts) as side (account, amount)
            union all
            select account, -amount from unnest(debits, amounts) as side (account, amount)
        ) as sides
        group by account
    ),
    updated as (
        update accounts_account account
        set balance = account.balance + movement.amount
        from movement
        where account.id = movement.account and account.scheme = of_scheme
        returning account.id
    )
    select (select count(*) from updated), (select count(*) from movement) into moved, named;
    if moved <> named then
        raise exception 'a voucher names an account that is not there, or of another scheme'
            using errcode = 'foreign_key_violation';
    end if;
    return voucher;
end
$$
"""

# The portal's pages reach the ledger by these functions only; an account goes along when two records of one
# person are merged.
REVOKE = """
do $$
begin
    if exists (select from pg_roles where rolname = current_user || '_app') then
        execute format('revoke insert on accounts_transfer, accounts_voucher from %I', current_user || '_app');
        execute format('revoke insert, update on accounts_account from %I', current_user || '_app');
        execute format('grant update (person_id) on accounts_account to %I', current_user || '_app');
    end if;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_vouchers"), ("office", "0018_exports")]

    operations = [
        migrations.RunSQL(
            OPEN, "drop function accounts_open(text, text, bigint, bigint, bigint)"
        ),
        migrations.RunSQL(HOLD, "drop function accounts_hold(bigint[])"),
        migrations.RunSQL(
            DIGEST,
            "drop function accounts_digest(bigint[], bigint[], numeric[], text[], date[], bigint[])",
        ),
        migrations.RunSQL(
            POST,
            "drop function accounts_post("
            "text, date, text, bigint, bigint[], bigint[], numeric[], text[], date[], bigint[])",
        ),
        *append_only("accounts_voucher"),
        # Seen by who sees one of its transfers.
        *protect(
            "accounts_voucher",
            mine="exists (select from accounts_transfer transfer where transfer.voucher_id = accounts_voucher.id)",
        ),
        migrations.RunSQL(REVOKE, migrations.RunSQL.noop),
    ]
