"""Frozen headcounts: only ever written to; who counts at a facility is seen in its county."""

import django.contrib.postgres.fields
import django.db.models.deletion
import office.fields
from django.conf import settings
from django.db import migrations, models

from office.append_only import append_only
from office.row_security import county_is_mine, protect

FACILITY_IS_MINE = f"""exists (
    select from facilities_facility facility
    where facility.id = facility_id and {county_is_mine("facility.county_id")}
)"""


class Migration(migrations.Migration):

    dependencies = [
        ('facilities', '0007_assessments'),
        ('office', '0016_pages_act_for_who_asked'),
        ('settlement', '0003_counties_see_their_facilities'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Headcount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('month', office.fields.MonthField(verbose_name='month')),
                ('number', models.PositiveSmallIntegerField(verbose_name='count no.')),
                ('heads', models.PositiveIntegerField(verbose_name='heads')),
                ('at', models.DateTimeField(verbose_name='counted at')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('digest', models.CharField(max_length=64, verbose_name='digest')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='headcounts', to='office.run', verbose_name='counted for')),
            ],
            options={
                'verbose_name': 'headcount',
                'verbose_name_plural': 'headcounts',
                'ordering': ['-month', 'scheme', '-number'],
                'default_permissions': ('add', 'view'),
            },
        ),
        migrations.CreateModel(
            name='HeadcountLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('heads', models.PositiveIntegerField(verbose_name='heads')),
                ('people', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None, verbose_name='people')),
                ('chosen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.facility', verbose_name='chosen at')),
                ('facility', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.facility', verbose_name='facility')),
                ('headcount', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='settlement.headcount', verbose_name='headcount')),
            ],
            options={
                'verbose_name': 'headcount of a facility',
                'verbose_name_plural': 'headcounts of facilities',
            },
        ),
        migrations.AddConstraint(
            model_name='headcount',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='headcount_first_of_month'),
        ),
        migrations.AddConstraint(
            model_name='headcount',
            constraint=models.UniqueConstraint(fields=('scheme', 'month', 'number'), name='headcount_number_once'),
        ),
        migrations.AddConstraint(
            model_name='headcount',
            constraint=models.CheckConstraint(condition=models.Q(('number', 1), models.Q(('reason', ''), _negated=True), _connector='OR'), name='headcount_again_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='headcountline',
            constraint=models.UniqueConstraint(fields=('headcount', 'chosen'), name='headcount_line_once'),
        ),
        migrations.AddConstraint(
            model_name='headcountline',
            constraint=models.CheckConstraint(condition=models.Q(('heads', models.Func(models.F('people'), function='cardinality'))), name='headcount_line_counts'),
        ),
        *append_only("settlement_headcount"),
        *append_only("settlement_headcountline"),
        *protect("settlement_headcountline", mine=FACILITY_IS_MINE),
    ]
