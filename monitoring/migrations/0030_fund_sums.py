"""The fund by month; counties see the sums of theirs, the ledger's balances whole-city staff alone."""

import django.db.models.deletion
import office.fields
from django.db import migrations, models

from office.row_security import county_is_mine, protect


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0020_benefit_trials'),
        ('office', '0044_printed_documents'),
    ]

    operations = [
        migrations.CreateModel(
            name='FundCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3)),
                ('fund', models.CharField(choices=[('pool', 'Pooled fund'), ('person', 'Personal accounts')], max_length=6)),
                ('balance', office.fields.MoneyField(decimal_places=2, max_digits=14)),
                ('open_from', office.fields.MonthField()),
                ('summed_at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('scheme', 'fund'), name='fund_check_once')],
            },
        ),
        migrations.CreateModel(
            name='FundSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('month', office.fields.MonthField(verbose_name='accounting month')),
                ('fund', models.CharField(choices=[('pool', 'Pooled fund'), ('person', 'Personal accounts')], max_length=6, verbose_name='fund')),
                ('income', models.BooleanField(verbose_name='income')),
                ('kind', models.CharField(choices=[('credit', 'Monthly credit'), ('supplement', 'Supplementary share'), ('adjustment', 'Adjustment'), ('interest', 'Yearly interest'), ('closing_interest', 'Interest at closing'), ('transfer_in', 'Transfer in'), ('inheritance', 'Inheritance'), ('spending', 'Spending'), ('family', 'Family use'), ('premium', 'Premium or contribution'), ('refund', 'Refund'), ('payout', 'Payout'), ('transfer_out', 'Transfer out'), ('prepayment', 'Prepayment'), ('clearing', 'Monthly clearing'), ('deposit', 'Quality deposit'), ('year_end', 'Year-end clearing'), ('settlement', 'Visits settled with a facility'), ('reimbursement', 'Manual reimbursement'), ('recovery', 'To be recovered'), ('recovered', 'Recovered'), ('write_off', 'Written off'), ('payment', 'Payment by bank'), ('contribution', 'Contributions received'), ('subsidy', 'Government subsidy'), ('fund_interest', 'Interest of the fund'), ('other_income', 'Other income of the fund'), ('reversal', 'Reversal')], max_length=16, verbose_name='kind')),
                ('level', models.CharField(blank=True, choices=[('tertiary', 'Tertiary'), ('secondary', 'Secondary'), ('primary', 'Primary'), ('ungraded', 'Ungraded')], max_length=12, verbose_name='level')),
                ('amount', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('transfers', models.IntegerField(verbose_name='transfers')),
                ('county', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='office.county', verbose_name='county')),
            ],
            options={
                'verbose_name': 'monthly sum of the fund',
                'verbose_name_plural': 'monthly sums of the fund',
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['scheme', 'month'], name='fund_sum_of_month')],
                'constraints': [models.CheckConstraint(condition=models.Q(('month__day', 1)), name='fund_sum_first_of_month')],
            },
        ),
        *protect("monitoring_fundsum", mine=county_is_mine()),
        *protect("monitoring_fundcheck", mine="false"),
    ]
