"""Uses of accounts, seen where their person is; and who may pay for somebody."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.utils.timezone
import office.fields
from django.conf import settings
from django.db import migrations, models

from office.append_only import append_only
from office.row_security import protect

PERSON_IS_MINE = "exists (select from insured_person person where person.id = person_id)"
USE_IS_MINE = "exists (select from accounts_accountuse used where used.id = use_id)"

# Looks past counties: the relative who pays may be of another one. It says whose accounts, not what is on them.
PAYERS = """
create function accounts_payers(of_person bigint, of_scheme text, on_day date, by_link bigint default null)
returns table (account bigint, holder bigint, link bigint, relation text)
language sql stable security definer as $$
    select account.id, holder.person, holder.link, holder.relation
    from (
        select of_person as person, null::bigint as link, 'self' as relation, null::date as since
        where by_link is null
        union all
        select granted.person_id, granted.id, granted.relation, granted.first_day
        from insured_familylink granted
        where (by_link is null and granted.relative_id = of_person or granted.id = by_link)
            and on_day between granted.first_day and coalesce(granted.last_day, on_day)
    ) holder
    join insured_person person
        on person.id = holder.person and coalesce(person.died_on, on_day) >= on_day
    join accounts_account account
        on account.person_id = holder.person and account.scheme = of_scheme and account.kind = 'person'
    where not exists (
        select from insured_person patient where patient.id = of_person and patient.died_on < on_day
    )
    order by holder.since nulls first, holder.link
$$
"""

# Whoever posts a voucher learns the numbers of its transfers, so as to name them when they are reversed.
NUMBERS = """
create function accounts_numbers(of_voucher bigint) returns setof bigint
language sql stable security definer as $$
    select id from accounts_transfer where voucher_id = of_voucher order by id
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0012_credited_once_whichever_run"),
        ('facilities', '0007_assessments'),
        ('insured', '0015_lists_go_by_their_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('purpose', models.CharField(max_length=40, verbose_name='purpose')),
                ('article', models.CharField(max_length=40, verbose_name='article')),
                ('day', models.DateField(verbose_name='day')),
                ('bill_number', models.CharField(blank=True, max_length=40, verbose_name='bill number')),
                ('amount', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('own_part', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='own account')),
                ('family_part', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='family accounts')),
                ('cash_part', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='cash')),
                ('refunded', office.fields.MoneyField(db_default=0, decimal_places=2, default=0, max_digits=14, verbose_name='given back')),
                ('state', models.CharField(choices=[('posted', 'Posted'), ('reversed', 'Reversed')], db_default='posted', default='posted', max_length=8, verbose_name='state')),
                ('entered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, verbose_name='entered at')),
                ('entered_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('facility', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='account_uses', to='facilities.facility', verbose_name='facility')),
                ('link', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='insured.familylink', verbose_name='relative insured elsewhere')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='account_uses', to='insured.person', verbose_name='insured person')),
                ('voucher', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.voucher', verbose_name='voucher')),
            ],
            options={
                'verbose_name': 'use of accounts',
                'verbose_name_plural': 'uses of accounts',
                'permissions': [('refund_accountuse', 'Can give back uses of accounts')],
            },
        ),
        migrations.CreateModel(
            name='UseRefund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('whole', models.BooleanField(verbose_name='reversal')),
                ('bill_number', models.CharField(blank=True, max_length=40, verbose_name='number of the refund bill')),
                ('amount', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('own_part', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='own account')),
                ('family_part', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='family accounts')),
                ('cash_part', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='cash')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('entered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, verbose_name='entered at')),
                ('entered_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('use', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='accounts.accountuse', verbose_name='use of accounts')),
                ('voucher', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.voucher', verbose_name='voucher')),
            ],
            options={
                'verbose_name': 'refund of a use',
                'verbose_name_plural': 'refunds of uses',
            },
        ),
        migrations.CreateModel(
            name='UseShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveSmallIntegerField()),
                ('amount', office.fields.MoneyField(decimal_places=2, max_digits=14)),
                ('refunded', office.fields.MoneyField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ('transfer_id', models.BigIntegerField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account')),
                ('link', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='insured.familylink')),
                ('use', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='accounts.accountuse')),
            ],
        ),
        migrations.AddIndex(
            model_name='accountuse',
            index=models.Index(fields=['-day', '-id'], name='account_use_latest'),
        ),
        migrations.AddConstraint(
            model_name='accountuse',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('cash_part__gte', 0), ('family_part__gte', 0), ('own_part__gte', 0), ('amount', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('own_part'), '+', models.F('family_part')), '+', models.F('cash_part')))), name='account_use_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='accountuse',
            constraint=models.CheckConstraint(condition=models.Q(('facility__isnull', True), models.Q(('bill_number', ''), _negated=True), _connector='OR'), name='account_use_at_a_facility_has_a_bill', violation_error_message='Give the number of the bill.'),
        ),
        migrations.AddConstraint(
            model_name='accountuse',
            constraint=models.UniqueConstraint(condition=models.Q(('facility__isnull', False)), fields=('facility', 'bill_number'), name='account_use_bill_once', violation_error_message='This bill of the facility is entered already.'),
        ),
        migrations.AddConstraint(
            model_name='accountuse',
            constraint=models.UniqueConstraint(condition=models.Q(('facility__isnull', True), models.Q(('bill_number', ''), _negated=True)), fields=('scheme', 'purpose', 'bill_number'), name='account_use_receipt_once', violation_error_message='A premium with this number is entered already.'),
        ),
        migrations.AddConstraint(
            model_name='accountuse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('refunded__gte', 0), ('refunded__lte', models.F('amount')), ('state', 'posted')), models.Q(('refunded', models.F('amount')), ('state', 'reversed')), _connector='OR'), name='account_use_given_back_once'),
        ),
        migrations.AddConstraint(
            model_name='userefund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('cash_part__gte', 0), ('family_part__gte', 0), ('own_part__gte', 0), ('amount', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('own_part'), '+', models.F('family_part')), '+', models.F('cash_part')))), name='use_refund_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='userefund',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='use_refund_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='userefund',
            constraint=models.UniqueConstraint(condition=models.Q(('bill_number', ''), _negated=True), fields=('use', 'bill_number'), name='use_refund_bill_once', violation_error_message='This refund bill is entered already.'),
        ),
        migrations.AddConstraint(
            model_name='useshare',
            constraint=models.UniqueConstraint(fields=('use', 'place'), name='use_share_in_its_place'),
        ),
        migrations.AddConstraint(
            model_name='useshare',
            constraint=models.UniqueConstraint(fields=('transfer_id',), name='use_share_of_transfer'),
        ),
        migrations.AddConstraint(
            model_name='useshare',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('refunded__gte', 0), ('refunded__lte', models.F('amount'))), name='use_share_given_back_once'),
        ),
        *protect("accounts_accountuse", mine=PERSON_IS_MINE),
        *protect("accounts_useshare", mine=USE_IS_MINE),
        *protect("accounts_userefund", mine=USE_IS_MINE),
        *append_only("accounts_userefund"),
        migrations.RunSQL(PAYERS, "drop function accounts_payers(bigint, text, date, bigint)"),
        migrations.RunSQL(NUMBERS, "drop function accounts_numbers(bigint)"),
    ]
