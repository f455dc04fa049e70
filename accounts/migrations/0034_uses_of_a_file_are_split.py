"""What accounts would pay of the uses of a file, one row after the other: nothing is held or moved by it."""

from django.db import migrations

# Of each row, in the order of their numbers: how many accounts may pay, the day the own one was closed, what
# they have left, and who pays how much. A row they cannot pay whole takes nothing from those after it.
SPLIT = """
create function accounts_split_uses(of_scheme text, asked jsonb)
returns table (of_row integer, payers integer, closed_on date, held numeric, shares jsonb)
language plpgsql as $$
#variable_conflict use_column
declare
    line record;
    payer record;
    has numeric;
    takes numeric;
begin
    create temporary table left_over (account bigint primary key, amount numeric) on commit drop;
    for line in
        select * from jsonb_to_recordset(asked) as row (number integer, person bigint, day date, amount numeric, people text[])
        order by number
    loop
        of_row := line.number;
        payers := 0; closed_on := null; held := 0; shares := '[]';
        for payer in
            select found.place, found.account, found.link, found.relation, account.balance, account.closed_on as closed
            from accounts_payers(line.person, of_scheme, line.day)
                with ordinality as found (account, holder, link, relation, place)
            join accounts_account account on account.id = found.account
            where found.relation = any (line.people)
            order by found.place
        loop
            if payer.closed is not null then
                closed_on := coalesce(closed_on, payer.closed);
                continue;
            end if;
            payers := payers + 1;
            insert into left_over values (payer.account, payer.balance) on conflict do nothing;
            select amount into has from left_over where account = payer.account;
            takes := least(has, line.amount - held);
            if takes > 0 then
                shares := shares || jsonb_build_object(
                    'account', payer.account, 'link', payer.link, 'relation', payer.relation, 'amount', takes
                );
                held := held + takes;
            end if;
        end loop;
        if held = line.amount then
            update left_over
            set amount = left_over.amount - (share ->> 'amount')::numeric
            from jsonb_array_elements(shares) as share
            where account = (share ->> 'account')::bigint;
        end if;
        return next;
    end loop;
    drop table left_over;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0033_delegates_sign_applications")]

    operations = [migrations.RunSQL(SPLIT, "drop function accounts_split_uses(text, jsonb)")]
