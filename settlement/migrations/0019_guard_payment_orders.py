"""The way of a payment order is held by the database: its steps, whose hands it passes, what it is paid by."""

from django.db import migrations

from office.row_security import county_is_mine, protect

# Whether somebody's roles give a right of this room.
HOLDS = """
create function settlement_holds(staff_id bigint, permission text) returns boolean
language sql stable security definer as $$
    select exists (
        select from office_staff staff
        where staff.id = $1 and staff.is_active and (staff.is_superuser or exists (
            select from auth_permission given
            join django_content_type type on type.id = given.content_type_id and type.app_label = 'settlement'
            where given.codename = $2 and (
                exists (
                    select from office_staff_user_permissions own
                    where own.staff_id = staff.id and own.permission_id = given.id
                )
                or exists (
                    select from office_staff_groups member
                    join auth_group_permissions held on held.group_id = member.group_id
                    where member.staff_id = staff.id and held.permission_id = given.id
                )
            )
        ))
    )
$$
"""

# Whoever takes a step does so in their own name, with the right to it, and took none before it.
HAND = """
create function settlement_demand_hand(hand bigint, permission text, before bigint[]) returns void
language plpgsql stable security definer as $$
begin
    if acting_staff() is not null and hand <> acting_staff() then
        raise exception 'a step of a payment order is taken in the name of another'
            using errcode = 'restrict_violation', constraint = 'order_in_own_name';
    end if;
    if not settlement_holds(hand, permission) then
        raise exception 'staff % has no right to % of a payment order', hand, permission
            using errcode = 'restrict_violation', constraint = 'order_by_right';
    end if;
    if exists (
        select from unnest(before) as earlier (id) where office_person_of(earlier.id) = office_person_of(hand)
    ) then
        raise exception 'one person takes two steps of a payment order'
            using errcode = 'restrict_violation', constraint = 'order_by_different_people';
    end if;
end
$$
"""

GUARD = """
create function settlement_guard_order() returns trigger language plpgsql security definer as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'a payment order is withdrawn, not removed' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' then
        if new.state <> 'untouched' or num_nonnulls(new.reviewed_by_id, new.released_by_id, new.bank_file_id) > 0 then
            raise exception 'a payment order begins untouched' using errcode = 'restrict_violation';
        end if;
        perform settlement_demand_hand(new.made_by_id, 'add_paymentorder', '{}');
        return new;
    end if;
    if (old.scheme, old.month, old.source, old.account_id, old.run_id, old.voucher_id, old.reissues_id,
        old.payee_kind, old.facility_id, old.owed, old.withheld, old.recovered, old.amount, old.made_by_id)
        is distinct from
       (new.scheme, new.month, new.source, new.account_id, new.run_id, new.voucher_id, new.reissues_id,
        new.payee_kind, new.facility_id, new.owed, new.withheld, new.recovered, new.amount, new.made_by_id)
       or (old.state <> 'untouched' and (old.payee_name, old.bank_name, old.account_index)
           is distinct from (new.payee_name, new.bank_name, new.account_index))
       or (old.recovery_id is not null and new.recovery_id is distinct from old.recovery_id)
    then
        raise exception 'payment order % says what is paid to whom for good', old.id
            using errcode = 'restrict_violation', constraint = 'order_unchanged';
    end if;
    if old.state = new.state then
        if old.state <> 'untouched' and (
            (old.reviewed_by_id, old.released_by_id, old.bank_file_id, old.paid_on, old.payment_id) is distinct from
            (new.reviewed_by_id, new.released_by_id, new.bank_file_id, new.paid_on, new.payment_id)
        ) then
            raise exception 'payment order % is changed without a step', old.id
                using errcode = 'restrict_violation', constraint = 'order_unchanged';
        end if;
        return new;
    end if;
    if not (old.state || '>' || new.state) = any (array[
        'untouched>reviewed', 'untouched>withdrawn', 'reviewed>untouched', 'reviewed>withdrawn',
        'reviewed>released', 'released>untouched', 'released>in_transit', 'in_transit>released',
        'in_transit>paid', 'in_transit>failed', 'failed>reissued', 'failed>withdrawn'
    ]) and not (old.state = 'released' and new.state = 'paid' and new.amount = 0) then
        raise exception 'a payment order does not go from % to %', old.state, new.state
            using errcode = 'restrict_violation', constraint = 'order_step';
    end if;
    if new.state = 'reviewed' then
        perform settlement_demand_hand(new.reviewed_by_id, 'review_paymentorder', array[new.made_by_id]);
    elsif old.state = 'reviewed' and new.state = 'released' then
        perform settlement_demand_hand(
            new.released_by_id, 'release_paymentorder', array[new.made_by_id, new.reviewed_by_id]
        );
    elsif new.state = 'in_transit' then
        perform settlement_demand_hand(
            (select made_by_id from settlement_bankfile where id = new.bank_file_id), 'carry_paymentorder',
            array[new.made_by_id, new.reviewed_by_id, new.released_by_id]
        );
    elsif old.state = 'in_transit' and new.state = 'released' and new.bank_file_id is not null then
        raise exception 'payment order % still lies in a bank file', old.id using errcode = 'restrict_violation';
    end if;
    return new;
end
$$
"""

# Looked at when the transaction ends, when transfers and orders are both there.
PROVE = """
create function settlement_prove_order() returns trigger language plpgsql security definer as $$
begin
    if new.reissues_id is null and (tg_op = 'INSERT' or new.state = 'released') and new.owed is distinct from (
        select sum(transfer.amount)
        from settlement_paymentitem item
        join accounts_transfer transfer on transfer.id = item.transfer_id and transfer.credit_id = new.account_id
        where item.order_id = new.id
    ) then
        raise exception 'payment order % is not over the transfers it names', new.id
            using errcode = 'check_violation', constraint = 'order_sums_up';
    end if;
    if tg_op = 'INSERT' and new.reissues_id is not null and not exists (
        select from settlement_paymentorder earlier
        where earlier.id = new.reissues_id and earlier.state = 'reissued'
            and earlier.account_id = new.account_id and earlier.amount = new.owed and new.owed = new.amount
    ) then
        raise exception 'payment order % does not take up what failed', new.id
            using errcode = 'check_violation', constraint = 'order_takes_up_what_failed';
    end if;
    if new.payment_id is not null and not exists (
        select from accounts_transfer transfer
        join accounts_account bank on bank.id = transfer.credit_id and bank.kind = 'bank'
        where transfer.id = new.payment_id and transfer.kind = 'payment'
            and transfer.debit_id = new.account_id and transfer.amount = new.amount
    ) then
        raise exception 'payment order % is not paid by the transfer it names', new.id
            using errcode = 'check_violation', constraint = 'order_paid_by_its_transfer';
    end if;
    if new.recovery_id is not null and not exists (
        select from accounts_transfer transfer
        where transfer.id = new.recovery_id and transfer.kind = 'recovered'
            and transfer.debit_id = new.account_id and transfer.amount = new.recovered
    ) then
        raise exception 'payment order % is not set against anything by the transfer it names', new.id
            using errcode = 'check_violation', constraint = 'order_recovered_by_its_transfer';
    end if;
    return null;
end
$$
"""

# A transfer comes onto an order that is still untouched, and leaves it only when the order, or the last that
# took it up, is withdrawn.
GUARD_ITEM = """
create function settlement_guard_item() returns trigger language plpgsql security definer as $$
begin
    if tg_op = 'INSERT' then
        if exists (
            select from settlement_paymentorder payment
            where payment.id = new.order_id and payment.state = 'untouched' and payment.reissues_id is null and (
                acting_staff() is null or acting_for_whole_city() or payment.county_id = any (acting_counties())
            )
        ) then
            return new;
        end if;
        raise exception 'transfer % comes onto no payment order of theirs', new.transfer_id
            using errcode = 'insufficient_privilege';
    end if;
    if tg_op = 'UPDATE' and (old.order_id, old.transfer_id) = (new.order_id, new.transfer_id)
       and not new.live and exists (
           with recursive followed as (
               select id, state from settlement_paymentorder where id = new.order_id
               union all
               select later.id, later.state
               from followed
               join settlement_paymentorder later on later.reissues_id = followed.id
           )
           select from followed where state = 'withdrawn'
       ) then
        return new;
    end if;
    raise exception 'transfer % stays on its payment order', old.transfer_id using errcode = 'restrict_violation';
end
$$
"""

GUARD_FILE = """
create function settlement_guard_bank_file() returns trigger language plpgsql security definer as $$
begin
    if tg_op = 'DELETE'
       or (old.scheme, old.template, old.rows, old.amount, old.made_by_id, old.stored_as) is distinct from
          (new.scheme, new.template, new.rows, new.amount, new.made_by_id, new.stored_as)
       or (old.sha256 <> '' and old.sha256 <> new.sha256)
       or (old.taken_at is not null and (old.taken_at, old.taken_by_id, old.state) is distinct from
          (new.taken_at, new.taken_by_id, new.state))
       or old.state = 'withdrawn' then
        raise exception 'bank file % stays as it was written', old.id using errcode = 'restrict_violation';
    end if;
    if old.taken_at is null and new.taken_at is not null then
        perform settlement_demand_hand(new.taken_by_id, 'carry_paymentorder', '{}');
    end if;
    return new;
end
$$
"""

ORDER_IS_MINE = "exists (select from settlement_paymentorder payment where payment.id = order_id)"


def trigger(name: str, when: str, table: str, function: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"create trigger {name} before {when} on {table} for each row execute function {function}()",
        f"drop trigger {name} on {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0018_payment_orders"),
        ("office", "0016_pages_act_for_who_asked"),
    ]

    operations = [
        migrations.RunSQL(HOLDS, "drop function settlement_holds(bigint, text)"),
        migrations.RunSQL(HAND, "drop function settlement_demand_hand(bigint, text, bigint[])"),
        migrations.RunSQL(GUARD, "drop function settlement_guard_order()"),
        migrations.RunSQL(PROVE, "drop function settlement_prove_order()"),
        migrations.RunSQL(GUARD_ITEM, "drop function settlement_guard_item()"),
        migrations.RunSQL(GUARD_FILE, "drop function settlement_guard_bank_file()"),
        trigger("guard", "insert or update or delete", "settlement_paymentorder", "settlement_guard_order"),
        trigger("guard", "insert or update or delete", "settlement_paymentitem", "settlement_guard_item"),
        trigger("guard", "update or delete", "settlement_bankfile", "settlement_guard_bank_file"),
        migrations.RunSQL(
            """
            create constraint trigger prove after insert or update on settlement_paymentorder
            deferrable initially deferred for each row execute function settlement_prove_order()
            """,
            "drop trigger prove on settlement_paymentorder",
        ),
        *protect("settlement_paymentorder", mine=county_is_mine()),
        # Entered together with its order, which the policy cannot see yet: the guard looks instead.
        *protect("settlement_paymentitem", mine=ORDER_IS_MINE, written="true"),
        # The bank's account is the city's, and so are the files that go there.
        *protect("settlement_bankfile", mine="false"),
    ]
