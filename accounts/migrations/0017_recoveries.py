"""What is done about receivables, seen where their owner is; a write-off takes two human beings."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import office.fields
from django.conf import settings
from django.db import migrations, models

from office.row_security import protect

TWO_PEOPLE = """
create function accounts_demand_two_people() returns trigger language plpgsql as $$
begin
    if office_person_of(new.entered_by_id) = office_person_of(new.decided_by_id) then
        raise exception 'who proposed a write-off does not decide on it' using errcode = 'check_violation';
    end if;
    return new;
end
$$
"""
TRIGGER = """
create trigger demand_two_people before insert or update on accounts_recovery
for each row when (new.decided_by_id is not null) execute function accounts_demand_two_people()
"""
# What was entered stays; of a proposal alone it is decided, and of all the voucher is noted.
AS_ENTERED = """
create function accounts_keep_recovery() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE'
        or (new.account_id, new.kind, new.amount, new.employer_id, new.reason, new.evidence, new.entered_by_id)
            is distinct from
            (old.account_id, old.kind, old.amount, old.employer_id, old.reason, old.evidence, old.entered_by_id)
        or (old.state <> 'proposed' and new.state <> old.state)
        or (old.voucher_id is not null and new.voucher_id is distinct from old.voucher_id)
    then
        raise exception 'what was done about a receivable is not changed' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$
"""
KEEPING = """
create trigger keep_as_entered before update or delete on accounts_recovery
for each row execute function accounts_keep_recovery()
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_uses_of_accounts'),
        ('facilities', '0007_assessments'),
        ('insured', '0015_lists_go_by_their_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Recovery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('repaid', 'Repaid to the bank'), ('offset', 'Offset against the account'), ('moved', 'Moved to the employer'), ('write_off', 'Written off')], max_length=9, verbose_name='kind')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('posted', 'Posted'), ('rejected', 'Rejected')], max_length=8, verbose_name='state')),
                ('amount', office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('evidence', models.CharField(max_length=100, verbose_name='evidence number')),
                ('entered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, verbose_name='entered at')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
            ],
            options={
                'verbose_name': 'recovery',
                'verbose_name_plural': 'recoveries',
            },
        ),
        migrations.CreateModel(
            name='Receivable',
            fields=[
            ],
            options={
                'verbose_name': 'receivable',
                'verbose_name_plural': 'receivables',
                'permissions': [('recover_receivable', 'Can enter what was recovered, and propose write-offs'), ('write_off_receivable', 'Can approve write-offs of receivables')],
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('accounts.account',),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'receivable'), _negated=True), ('balance__lte', 0), _connector='OR'), name='account_receivable_not_overpaid'),
        ),
        migrations.AddField(
            model_name='recovery',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recoveries', to='accounts.account', verbose_name='receivable'),
        ),
        migrations.AddField(
            model_name='recovery',
            name='decided_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='recovery',
            name='employer',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='insured.employer', verbose_name='employer'),
        ),
        migrations.AddField(
            model_name='recovery',
            name='entered_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by'),
        ),
        migrations.AddField(
            model_name='recovery',
            name='voucher',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.voucher', verbose_name='voucher'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), models.Q(('reason', ''), _negated=True), models.Q(('evidence', ''), _negated=True)), name='recovery_is_founded'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('employer__isnull', False), ('kind', 'moved')), models.Q(models.Q(('kind', 'moved'), _negated=True), ('employer__isnull', True)), _connector='OR'), name='recovery_moved_to_an_employer'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('kind', 'write_off'), _negated=True), ('decided_by__isnull', True), ('state', 'posted')), models.Q(('decided_by__isnull', True), ('entered_by__isnull', False), ('kind', 'write_off'), ('state', 'proposed')), models.Q(('decided_by__isnull', False), ('kind', 'write_off'), ('state__in', ['posted', 'rejected']), models.Q(('decided_by', models.F('entered_by')), _negated=True)), _connector='OR'), name='recovery_written_off_by_two'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('account',), name='recovery_proposed_once'),
        ),
        *protect(
            "accounts_recovery",
            mine="exists (select from accounts_account account where account.id = account_id)",
        ),
        migrations.RunSQL(TWO_PEOPLE, "drop function accounts_demand_two_people()"),
        migrations.RunSQL(TRIGGER, "drop trigger demand_two_people on accounts_recovery"),
        migrations.RunSQL(AS_ENTERED, "drop function accounts_keep_recovery()"),
        migrations.RunSQL(KEEPING, "drop trigger keep_as_entered on accounts_recovery"),
    ]
