"""Months are cleared, usage is entered by month, and a year end counts with both."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
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
LINE_IS_MINE = f"""exists (
    select from settlement_yearend line
    join facilities_facility facility on facility.id = line.facility_id
    where line.id = year_end_id and {county_is_mine("facility.county_id")}
)"""


class Migration(migrations.Migration):

    dependencies = [
        ('facilities', '0007_assessments'),
        ('office', '0030_monthly_clearing'),
        ("settlement", "0006_guard_visits"),
    ]

    operations = [
        migrations.CreateModel(
            name='Clearing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', office.fields.MonthField(help_text='The month that was prepaid.', verbose_name='month')),
                ('entitlement', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='entitled in advance')),
                ('actual', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='actual usage')),
                ('cleared', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='cleared')),
                ('deposit_rate', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='deposit rate (%)')),
                ('deposit', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='quality deposit')),
                ('payable', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='payable after the deposit')),
                ('carry', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='carried forward')),
            ],
            options={
                'verbose_name': 'clearing',
                'verbose_name_plural': 'clearings',
                'ordering': ['run', 'facility__code', 'month'],
            },
        ),
        migrations.CreateModel(
            name='YearEndMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', office.fields.MonthField(verbose_name='month')),
                ('heads', models.PositiveIntegerField(verbose_name='heads')),
                ('rate', office.fields.MoneyField(decimal_places=2, help_text='Yuan per person and year.', max_digits=14, verbose_name='capitation rate')),
                ('actual', office.fields.MoneyField(decimal_places=2, max_digits=14, null=True, verbose_name='actual usage')),
            ],
            options={
                'verbose_name': 'month of a year end',
                'verbose_name_plural': 'months of year ends',
                'ordering': ['year_end', 'month'],
            },
        ),
        migrations.AlterModelOptions(
            name='facilityusage',
            options={'ordering': ['-year', 'facility__code', 'month'], 'verbose_name': 'facility usage', 'verbose_name_plural': 'facility usage'},
        ),
        migrations.RemoveConstraint(
            model_name='facilityusage',
            name='usage_facility_year_once',
        ),
        migrations.RemoveConstraint(
            model_name='yearend',
            name='year_end_adds_up',
        ),
        migrations.AddField(
            model_name='facilityusage',
            name='month',
            field=office.fields.MonthField(blank=True, help_text='Empty: the whole year.', null=True, verbose_name='month'),
        ),
        migrations.AddField(
            model_name='yearend',
            name='advance',
            field=office.fields.MoneyField(decimal_places=2, default=0, max_digits=14, verbose_name='prepaid and not cleared'),
        ),
        migrations.AddField(
            model_name='yearend',
            name='carry',
            field=office.fields.MoneyField(decimal_places=2, default=0, max_digits=14, verbose_name='carried forward'),
        ),
        migrations.AddField(
            model_name='yearend',
            name='cleared',
            field=office.fields.MoneyField(decimal_places=2, default=0, max_digits=14, verbose_name='cleared'),
        ),
        migrations.AddField(
            model_name='yearend',
            name='deposit',
            field=office.fields.MoneyField(decimal_places=2, default=0, max_digits=14, verbose_name='quality deposit'),
        ),
        migrations.AddField(
            model_name='yearend',
            name='released',
            field=office.fields.MoneyField(decimal_places=2, max_digits=14, null=True, verbose_name='deposit released'),
        ),
        migrations.AddField(
            model_name='yearend',
            name='score',
            field=models.DecimalField(decimal_places=2, max_digits=6, null=True, verbose_name='assessment score'),
        ),
        # Until now nothing was cleared by month: all that was prepaid was still an advance, and no deposit held.
        migrations.RunSQL(
            "update settlement_yearend set advance = prepaid, released = 0", migrations.RunSQL.noop
        ),
        migrations.AddConstraint(
            model_name='facilityusage',
            constraint=models.UniqueConstraint(fields=('facility', 'scheme', 'year', 'month'), name='usage_facility_month_once', nulls_distinct=False, violation_error_message="The facility's usage of this month or year is entered already."),
        ),
        migrations.AddConstraint(
            model_name='facilityusage',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('facility', '='), ('scheme', '='), (models.Func(django.db.models.functions.comparison.Coalesce('month', models.Func('year', 1, 1, function='make_date')), django.db.models.functions.comparison.Coalesce('month', models.Func('year', 12, 1, function='make_date')), models.Value('[]'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='usage_by_month_or_year', violation_error_message="The facility's usage of a year is entered by months or as one figure, not both."),
        ),
        migrations.AddConstraint(
            model_name='facilityusage',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='usage_first_of_month'),
        ),
        migrations.AddConstraint(
            model_name='facilityusage',
            constraint=models.CheckConstraint(condition=models.Q(('month__isnull', True), ('month__year', models.F('year')), _connector='OR'), name='usage_month_of_year', violation_error_message='The month does not lie in the year.'),
        ),
        migrations.AddConstraint(
            model_name='yearend',
            constraint=models.CheckConstraint(condition=models.Q(('due', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('payable'), '-', models.F('cleared')), '-', models.F('advance')), '-', models.F('carry')), '+', django.db.models.functions.comparison.Coalesce('released', models.Value(Decimal('0')))))), name='year_end_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='yearend',
            constraint=models.CheckConstraint(condition=models.Q(('released__isnull', True), models.Q(('released__gte', 0), ('released__lte', models.F('deposit'))), _connector='OR'), name='year_end_releases_deposits'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='facility',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='facilities.facility', verbose_name='facility'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='prepayment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clearings', to='settlement.prepayment', verbose_name='prepayment'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clearings', to='office.run', verbose_name='run'),
        ),
        migrations.AddField(
            model_name='yearendmonth',
            name='clearing',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.clearing', verbose_name='clearing'),
        ),
        migrations.AddField(
            model_name='yearendmonth',
            name='prepayment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.prepayment', verbose_name='prepayment'),
        ),
        migrations.AddField(
            model_name='yearendmonth',
            name='year_end',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='months', to='settlement.yearend', verbose_name='year-end line'),
        ),
        migrations.AddConstraint(
            model_name='clearing',
            constraint=models.UniqueConstraint(fields=('run', 'prepayment'), name='clearing_prepayment_once'),
        ),
        migrations.AddConstraint(
            model_name='clearing',
            constraint=models.CheckConstraint(condition=models.Q(('cleared', django.db.models.functions.comparison.Least('actual', 'entitlement')), ('payable', django.db.models.expressions.CombinedExpression(models.F('cleared'), '-', models.F('deposit'))), ('carry', django.db.models.expressions.CombinedExpression(models.F('entitlement'), '-', models.F('payable'))), ('actual__gte', 0), ('deposit__gte', 0), ('payable__gte', 0)), name='clearing_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='clearing',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='clearing_first_of_month'),
        ),
        migrations.AddConstraint(
            model_name='yearendmonth',
            constraint=models.UniqueConstraint(fields=('year_end', 'month'), name='year_end_month_once'),
        ),
        migrations.AddConstraint(
            model_name='yearendmonth',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='year_end_first_of_month'),
        ),
        *protect("settlement_clearing", mine=FACILITY_IS_MINE),
        *protect("settlement_yearendmonth", mine=LINE_IS_MINE),
    ]
