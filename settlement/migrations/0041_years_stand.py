"""Deductions from year ends; what a booked clearing or year end was computed from stands while that stands."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import office.fields
from decimal import Decimal
from django.db import migrations, models

from office.row_security import county_is_mine, protect

FACILITY_IS_MINE = f"""exists (
    select from facilities_facility facility
    where facility.id = facility_id and {county_is_mine("facility.county_id")}
)"""

# Rows of usage and of deductions alike: a row without a month is of the whole year.
GUARD = """
create function settlement_guard_year() returns trigger language plpgsql security definer as $$
declare
    one jsonb;
    standing bigint;
begin
    if tg_op = 'UPDATE' and new is not distinct from old then
        return new;
    end if;
    foreach one in array array_remove(array[to_jsonb(old), to_jsonb(new)], null) loop
        select run.id into standing
        from office_run run
        where run.scheme = one ->> 'scheme' and run.state in ('posting', 'posted')
            and (
                run.kind = 'year_end' and run.period = make_date((one ->> 'year')::int, 1, 1)
                or exists (
                    select from settlement_clearing clearing
                    where clearing.run_id = run.id and clearing.facility_id = (one ->> 'facility_id')::bigint
                        and clearing.month = (one ->> 'month')::date
                )
            )
        limit 1;
        if found then
            raise exception '% of % is refused: run #% was computed from it', tg_op, tg_table_name, standing
                using errcode = 'restrict_violation';
        end if;
    end loop;
    return coalesce(new, old);
end
$$
"""


def guard(table: str) -> list:
    return [
        migrations.RunSQL(
            f"""
            create trigger refuse_change before insert or update or delete on {table}
            for each row execute function settlement_guard_year()
            """,
            f"drop trigger refuse_change on {table}",
        ),
        migrations.RunSQL(
            f"""
            create trigger refuse_truncate before truncate on {table}
            for each statement execute function office_refuse_change()
            """,
            f"drop trigger refuse_truncate on {table}",
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("facilities", "0007_assessments"),
        ("settlement", "0040_batches_taken_back"),
    ]

    operations = [
        migrations.CreateModel(
            name='YearEndDeduction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('kind', models.CharField(choices=[('10', 'Review'), ('20', 'Audit'), ('99', 'Other')], max_length=2, verbose_name='kind')),
                ('amount', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('facility', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='facilities.facility', verbose_name='facility')),
            ],
            options={
                'verbose_name': 'year-end deduction',
                'verbose_name_plural': 'year-end deductions',
                'ordering': ['-year', 'facility__code', 'id'],
            },
        ),
        migrations.AddIndex(
            model_name='yearenddeduction',
            index=models.Index(fields=['scheme', 'year'], name='year_end_deduction_of_year'),
        ),
        migrations.AddConstraint(
            model_name='yearenddeduction',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='year_end_deduction_not_negative', violation_error_message='The deduction is below zero.'),
        ),
        migrations.AddConstraint(
            model_name='yearenddeduction',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='year_end_deduction_for_a_reason'),
        ),
        migrations.RemoveConstraint(model_name='yearend', name='year_end_adds_up'),
        migrations.AddField(
            model_name='yearend',
            name='deducted',
            field=office.fields.MoneyField(decimal_places=2, default=0, max_digits=14, verbose_name='deducted'),
        ),
        migrations.AddConstraint(
            model_name='yearend',
            constraint=models.CheckConstraint(condition=models.Q(('due', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('payable'), '-', models.F('cleared')), '-', models.F('advance')), '-', models.F('carry')), '+', django.db.models.functions.comparison.Coalesce('released', models.Value(Decimal('0')))), '-', models.F('deducted')))), name='year_end_adds_up'),
        ),
        *protect("settlement_yearenddeduction", mine=FACILITY_IS_MINE),
        migrations.RunSQL(GUARD, "drop function settlement_guard_year()"),
        *guard("settlement_facilityusage"),
        *guard("settlement_yearenddeduction"),
    ]
