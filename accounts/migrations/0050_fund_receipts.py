"""Income of the pooled fund, entered by one and agreed to by another."""

import django.db.models.deletion
import django.utils.timezone
import office.fields
from django.conf import settings
from django.db import migrations, models

from office.row_security import protect

# The fund is the whole city's: nobody of one county sees what comes to it.
NOBODY_BUT_WHOLE_CITY = "false"
TRIGGER = """
create trigger demand_two_people before insert or update on accounts_fundreceipt
for each row when (new.decided_by_id is not null) execute function accounts_demand_two_people()
"""
# What was entered stays, and is decided once; it never begins decided.
AS_ENTERED = """
create function accounts_keep_fund_receipt() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.state = 'proposed' then
        return new;
    end if;
    if tg_op = 'UPDATE' and old.state = 'proposed' and new.state <> 'proposed'
        and to_jsonb(new) - array['state', 'decided_by_id', 'decided_at']
            = to_jsonb(old) - array['state', 'decided_by_id', 'decided_at']
    then
        return new;
    end if;
    raise exception 'a receipt of the fund is decided once and never changed' using errcode = 'restrict_violation';
end
$$
"""
KEEPING = """
create trigger keep_as_entered before insert or update or delete on accounts_fundreceipt
for each row execute function accounts_keep_fund_receipt()
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0040_closed_accounts_are_guarded_afterwards'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='runline',
            name='kind',
            field=models.CharField(choices=[('credit', 'Monthly credit'), ('supplement', 'Supplementary share'), ('adjustment', 'Adjustment'), ('interest', 'Yearly interest'), ('closing_interest', 'Interest at closing'), ('transfer_in', 'Transfer in'), ('inheritance', 'Inheritance'), ('spending', 'Spending'), ('family', 'Family use'), ('premium', 'Premium or contribution'), ('refund', 'Refund'), ('payout', 'Payout'), ('transfer_out', 'Transfer out'), ('prepayment', 'Prepayment'), ('clearing', 'Monthly clearing'), ('deposit', 'Quality deposit'), ('year_end', 'Year-end clearing'), ('settlement', 'Visits settled with a facility'), ('reimbursement', 'Manual reimbursement'), ('recovery', 'To be recovered'), ('recovered', 'Recovered'), ('write_off', 'Written off'), ('payment', 'Payment by bank'), ('contribution', 'Contributions received'), ('subsidy', 'Government subsidy'), ('fund_interest', 'Interest of the fund'), ('other_income', 'Other income of the fund'), ('reversal', 'Reversal')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='kind',
            field=models.CharField(choices=[('credit', 'Monthly credit'), ('supplement', 'Supplementary share'), ('adjustment', 'Adjustment'), ('interest', 'Yearly interest'), ('closing_interest', 'Interest at closing'), ('transfer_in', 'Transfer in'), ('inheritance', 'Inheritance'), ('spending', 'Spending'), ('family', 'Family use'), ('premium', 'Premium or contribution'), ('refund', 'Refund'), ('payout', 'Payout'), ('transfer_out', 'Transfer out'), ('prepayment', 'Prepayment'), ('clearing', 'Monthly clearing'), ('deposit', 'Quality deposit'), ('year_end', 'Year-end clearing'), ('settlement', 'Visits settled with a facility'), ('reimbursement', 'Manual reimbursement'), ('recovery', 'To be recovered'), ('recovered', 'Recovered'), ('write_off', 'Written off'), ('payment', 'Payment by bank'), ('contribution', 'Contributions received'), ('subsidy', 'Government subsidy'), ('fund_interest', 'Interest of the fund'), ('other_income', 'Other income of the fund'), ('reversal', 'Reversal')], max_length=16, verbose_name='kind'),
        ),
        migrations.CreateModel(
            name='FundReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('kind', models.CharField(choices=[('contribution', 'Contributions received'), ('subsidy', 'Government subsidy'), ('fund_interest', 'Interest of the fund'), ('other_income', 'Other income of the fund')], max_length=16, verbose_name='kind of income')),
                ('day', models.DateField(verbose_name='arrived on')),
                ('amount', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('reference', models.CharField(max_length=60, verbose_name='bank reference')),
                ('remark', models.CharField(blank=True, max_length=200, verbose_name='remark')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('posted', 'Posted'), ('rejected', 'Rejected')], default='proposed', editable=False, max_length=8, verbose_name='state')),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='entered at')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='decided at')),
                ('decided_by', models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('entered_by', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('reverses', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='accounts.fundreceipt', verbose_name='takes back')),
            ],
            options={
                'verbose_name': 'receipt of the fund',
                'verbose_name_plural': 'receipts of the fund',
                'ordering': ['-id'],
                'permissions': [('decide_fundreceipt', 'Can decide on receipts of the fund')],
                'default_permissions': ('add', 'view'),
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='fund_receipt_above_zero'), models.CheckConstraint(condition=models.Q(('reference', ''), _negated=True), name='fund_receipt_is_founded'), models.CheckConstraint(condition=models.Q(models.Q(('decided_by__isnull', True), ('state', 'proposed')), models.Q(('decided_by__isnull', False), ('state__in', ['posted', 'rejected'])), _connector='OR'), name='fund_receipt_decided_by_somebody'), models.UniqueConstraint(condition=models.Q(('reverses__isnull', True), models.Q(('state', 'rejected'), _negated=True)), fields=('scheme', 'reference'), name='fund_receipt_entered_once', violation_error_message='A receipt with this bank reference was entered already.'), models.UniqueConstraint(condition=models.Q(('reverses__isnull', False), models.Q(('state', 'rejected'), _negated=True)), fields=('reverses',), name='fund_receipt_taken_back_once')],
            },
        ),
        *protect("accounts_fundreceipt", mine=NOBODY_BUT_WHOLE_CITY),
        migrations.RunSQL(TRIGGER, "drop trigger demand_two_people on accounts_fundreceipt"),
        migrations.RunSQL(AS_ENTERED, "drop function accounts_keep_fund_receipt()"),
        migrations.RunSQL(KEEPING, "drop trigger keep_as_entered on accounts_fundreceipt"),
    ]
