"""A receivable is written off by nobody alone: the transfer stands on a write-off that two people agreed to."""

from django.db import migrations

DEMAND = """
create function accounts_demand_agreed_write_off() returns trigger language plpgsql security definer as $$
begin
    if not exists (
        select from accounts_voucher voucher
        join accounts_recovery recovery on recovery.id = voucher.source_id
        where voucher.id = new.voucher_id and voucher.source = 'accounts.recovery'
            and recovery.kind = 'write_off' and recovery.state = 'posted' and recovery.decided_by_id is not null
            and recovery.account_id = new.credit_id and recovery.amount = new.amount
            and not exists (
                select from accounts_transfer earlier
                where earlier.voucher_id = new.voucher_id and earlier.kind = 'write_off'
            )
    ) or exists (
        select from accounts_voucher other
        join accounts_voucher mine on mine.source = other.source and mine.source_id = other.source_id
        where mine.id = new.voucher_id and other.id <> mine.id
    ) then
        raise exception 'a write-off of % yuan stands on no approval of two people', new.amount
            using errcode = 'restrict_violation';
    end if;
    return new;
end
$$
"""
TRIGGER = """
create trigger demand_agreed_write_off before insert on accounts_transfer
for each row when (new.kind = 'write_off') execute function accounts_demand_agreed_write_off()
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0031_kinds_of_settlement")]

    operations = [
        migrations.RunSQL(DEMAND, "drop function accounts_demand_agreed_write_off()"),
        migrations.RunSQL(TRIGGER, "drop trigger demand_agreed_write_off on accounts_transfer"),
    ]
