"""No statement is approved or posted while its month is not reconciled with the facility's report."""

from django.db import migrations

DEMAND = """
create function settlement_demand_reconciled() returns trigger language plpgsql as $$
declare
    objection constant text := settlement_unreconciled(new.facility_id, new.scheme, new.month);
begin
    if objection is not null then
        raise exception 'the month of statement % is not reconciled: %', new.id, objection
            using errcode = 'restrict_violation', constraint = 'statement_unreconciled';
    end if;
    return new;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0027_guard_reconciliation")]

    operations = [
        migrations.RunSQL(DEMAND, "drop function settlement_demand_reconciled()"),
        migrations.RunSQL(
            """
            create trigger demand_reconciled before update on settlement_statement for each row
            when (old.state is distinct from new.state and new.state in ('reviewed', 'audited', 'posted'))
            execute function settlement_demand_reconciled()
            """,
            "drop trigger demand_reconciled on settlement_statement",
        ),
    ]
