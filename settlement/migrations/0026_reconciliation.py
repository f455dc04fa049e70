"""What facilities report, and how it compares with what is on record."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import office.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('facilities', '0007_assessments'),
        ('insured', '0018_many_spells_at_once'),
        ('settlement', '0021_guard_statements'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Difference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('only_theirs', 'Only the facility has it'), ('only_ours', 'Only we have it'), ('amount', 'Amounts differ'), ('date', 'Dates differ'), ('refund', 'Refund not entered'), ('total', 'Totals differ')], max_length=12, verbose_name='class')),
                ('day', models.DateField(null=True, verbose_name='day')),
                ('bill', models.CharField(blank=True, max_length=40, verbose_name='bill number')),
                ('refund', models.BooleanField(default=False, verbose_name='refund')),
                ('theirs_day', models.DateField(null=True, verbose_name='theirs: day')),
                ('ours_day', models.DateField(null=True, verbose_name='ours: day')),
                ('theirs', django.contrib.postgres.fields.ArrayField(base_field=office.fields.MoneyField(decimal_places=2, max_digits=14), null=True, size=None, verbose_name='theirs')),
                ('ours', django.contrib.postgres.fields.ArrayField(base_field=office.fields.MoneyField(decimal_places=2, max_digits=14), null=True, size=None, verbose_name='ours')),
                ('state', models.CharField(choices=[('open', 'Open'), ('settled', 'Settled'), ('gone', 'Gone')], default='open', max_length=8, verbose_name='state')),
                ('revision', models.PositiveSmallIntegerField(default=1, verbose_name='revision')),
                ('found_at', models.DateTimeField(verbose_name='found at')),
                ('explanation', models.CharField(blank=True, choices=[('theirs_wrong', 'The facility is wrong and accepts our figures'), ('other_period', 'Counted in another day or month'), ('not_insured', 'Not settled by this scheme'), ('corrected_next', 'Corrected next month'), ('other', 'Other (see the note)')], max_length=16, verbose_name='reason')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled at')),
            ],
            options={
                'verbose_name': 'difference',
                'verbose_name_plural': 'differences',
                'permissions': [('settle_difference', "Can settle differences with facilities' reports")],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('month', office.fields.MonthField(verbose_name='month')),
                ('bills', models.PositiveIntegerField(verbose_name='bills reported')),
                ('unsettled', models.PositiveIntegerField(verbose_name='visits not settled yet')),
                ('visits', models.PositiveIntegerField(verbose_name='number of visits')),
                ('refunds', models.PositiveIntegerField(verbose_name='refunds')),
                ('total', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='total cost')),
                ('fund', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='fund pays')),
                ('account', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='paid from accounts')),
                ('cash', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='cash')),
                ('days', models.JSONField(default=list, verbose_name='days')),
                ('compared_at', models.DateTimeField(verbose_name='compared at')),
                ('unreported_note', models.CharField(blank=True, max_length=200, verbose_name='why nothing was reported')),
            ],
            options={
                'verbose_name': 'reconciliation',
                'verbose_name_plural': 'reconciliations',
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ReportedBill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('month', office.fields.MonthField(verbose_name='month')),
                ('version', models.PositiveSmallIntegerField(verbose_name='version')),
                ('current', models.BooleanField(default=True, verbose_name='current')),
                ('import_id', models.BigIntegerField(verbose_name='file')),
                ('at', models.DateTimeField(verbose_name='reported at')),
                ('bill', models.CharField(max_length=40, verbose_name='bill number')),
                ('refund', models.BooleanField(verbose_name='refund')),
                ('day', models.DateField(verbose_name='day')),
                ('total', office.fields.FenField(verbose_name='total cost')),
                ('fund', office.fields.FenField(verbose_name='fund pays')),
                ('account', office.fields.FenField(null=True, verbose_name='paid from accounts')),
                ('cash', office.fields.FenField(null=True, verbose_name='cash')),
                ('withdrawn', models.BooleanField(default=False, verbose_name='withdrawn')),
            ],
            options={
                'verbose_name': 'reported bill',
                'verbose_name_plural': 'reported bills',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ReportedTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('month', office.fields.MonthField(verbose_name='month')),
                ('version', models.PositiveSmallIntegerField(verbose_name='version')),
                ('current', models.BooleanField(default=True, verbose_name='current')),
                ('import_id', models.BigIntegerField(verbose_name='file')),
                ('at', models.DateTimeField(verbose_name='reported at')),
                ('day', models.DateField(null=True, verbose_name='day')),
                ('visits', models.PositiveIntegerField(verbose_name='number of visits')),
                ('refunds', models.PositiveIntegerField(null=True, verbose_name='refunds')),
                ('total', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='total cost')),
                ('fund', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='fund pays')),
                ('account', office.fields.MoneyField(decimal_places=2, max_digits=14, null=True, verbose_name='paid from accounts')),
                ('cash', office.fields.MoneyField(decimal_places=2, max_digits=14, null=True, verbose_name='cash')),
            ],
            options={
                'verbose_name': 'reported total',
                'verbose_name_plural': 'reported totals',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(condition=models.Q(('reversed_by__isnull', False)), fields=['facility', 'bill'], name='visit_taken_back_bill'),
        ),
        migrations.AddField(
            model_name='difference',
            name='settled_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='settled by'),
        ),
        migrations.AddField(
            model_name='difference',
            name='visit',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='differences', to='settlement.visit', verbose_name='visit'),
        ),
        migrations.AddField(
            model_name='reconciliation',
            name='facility',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reconciliations', to='facilities.facility', verbose_name='facility'),
        ),
        migrations.AddField(
            model_name='reconciliation',
            name='unreported_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='said by'),
        ),
        migrations.AddField(
            model_name='difference',
            name='reconciliation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='differences', to='settlement.reconciliation', verbose_name='reconciliation'),
        ),
        migrations.AddField(
            model_name='reportedbill',
            name='by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='reportedbill',
            name='facility',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='facilities.facility', verbose_name='facility'),
        ),
        migrations.AddField(
            model_name='reportedtotal',
            name='by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='reportedtotal',
            name='facility',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='facilities.facility', verbose_name='facility'),
        ),
        migrations.AddField(
            model_name='reconciliation',
            name='report',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.reportedtotal', verbose_name="month's report"),
        ),
        migrations.AddIndex(
            model_name='difference',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['reconciliation', 'kind'], name='difference_open'),
        ),
        migrations.AddIndex(
            model_name='difference',
            index=models.Index(condition=models.Q(('visit__isnull', False)), fields=['visit'], name='difference_of_visit'),
        ),
        migrations.AddConstraint(
            model_name='difference',
            constraint=models.UniqueConstraint(fields=('reconciliation', 'day', 'bill', 'refund'), name='difference_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='difference',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'total'), models.Q(('bill', ''), _negated=True), _connector='XOR'), name='difference_of_bill_or_total'),
        ),
        migrations.AddConstraint(
            model_name='difference',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'settled'), _negated=True), models.Q(('settled_at__isnull', False), ('settled_by__isnull', False), models.Q(('explanation', ''), _negated=True), models.Q(models.Q(('explanation', 'other'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR')), _connector='OR'), name='difference_settled_with_a_reason'),
        ),
        migrations.AddIndex(
            model_name='reportedbill',
            index=models.Index(condition=models.Q(('current', True)), fields=['month', 'facility'], name='reported_bill_of_month'),
        ),
        migrations.AddIndex(
            model_name='reportedbill',
            index=models.Index(fields=['facility', 'bill'], name='reported_bill_versions'),
        ),
        migrations.AddIndex(
            model_name='reportedbill',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['import_id'], name='reported_bill_of_file'),
        ),
        migrations.AddConstraint(
            model_name='reportedbill',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='reported_bill_first_of_month'),
        ),
        migrations.AddConstraint(
            model_name='reportedbill',
            constraint=models.UniqueConstraint(condition=models.Q(('current', True)), fields=('facility', 'bill', 'scheme', 'refund'), name='reported_bill_one_current'),
        ),
        migrations.AddConstraint(
            model_name='reportedbill',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('fund__lte', 0), ('refund', True), ('total__lte', 0)), models.Q(('fund__gte', 0), ('refund', False), ('total__gte', 0)), _connector='OR'), name='reported_bill_signs'),
        ),
        migrations.AddIndex(
            model_name='reportedtotal',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['import_id'], name='reported_total_of_file'),
        ),
        migrations.AddConstraint(
            model_name='reportedtotal',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='reported_total_first_of_month'),
        ),
        migrations.AddConstraint(
            model_name='reportedtotal',
            constraint=models.UniqueConstraint(fields=('month', 'facility', 'scheme', 'day', 'version'), name='reported_total_version_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='reportedtotal',
            constraint=models.UniqueConstraint(condition=models.Q(('current', True)), fields=('month', 'facility', 'scheme', 'day'), name='reported_total_one_current', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='reconciliation',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='reconciliation_first_of_month'),
        ),
        migrations.AddConstraint(
            model_name='reconciliation',
            constraint=models.UniqueConstraint(fields=('month', 'facility', 'scheme'), name='reconciliation_once'),
        ),
        migrations.AddConstraint(
            model_name='reconciliation',
            constraint=models.CheckConstraint(condition=models.Q(('unreported_note', ''), ('unreported_by__isnull', False), _connector='OR'), name='reconciliation_unreported_said_by'),
        ),
    ]
