"""What a run changes beyond a threshold is acknowledged before the run goes on."""

import django.db.models.deletion
import office.models.comparison
from django.conf import settings
from django.db import migrations, models

from office.append_only import revoke


# A finding is made and dropped with the draft it was computed for; after that only its acknowledgement is
# entered, once, while the run awaits review.
GUARD = """
create function office_guard_excess() returns trigger language plpgsql as $$
declare
    own bigint := case tg_op when 'DELETE' then old.run_id else new.run_id end;
    standing text := (select state from office_run where id = own);
begin
    if tg_op <> 'UPDATE' then
        if standing = 'draft' then
            return case tg_op when 'DELETE' then old else new end;
        end if;
    elsif standing = 'computed' and old.acknowledged_at is null
        and to_jsonb(new) - '{acknowledged_at,acknowledged_by_id,note}'::text[]
            = to_jsonb(old) - '{acknowledged_at,acknowledged_by_id,note}'::text[]
    then
        return new;
    end if;
    raise exception 'what run % was found to change is kept as it was found', own
        using errcode = 'restrict_violation', constraint = 'excess_kept';
end
$$
"""

DEMAND = """
create function office_demand_acknowledged() returns trigger language plpgsql as $$
begin
    if exists (select from office_excess where run_id = new.id and acknowledged_at is null) then
        raise exception 'run % changes beyond a threshold, which nobody has acknowledged', new.id
            using errcode = 'restrict_violation', constraint = 'excess_acknowledged';
    end if;
    return new;
end
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('office', '0009_periods'),
    ]

    operations = [
        migrations.CreateModel(
            name='Threshold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('credit', 'Personal account credits'), ('prepayment', 'Capitation prepayment'), ('year_end', 'Year-end clearing'), ('carry_over', 'Carry-over of selections'), ('reversal', 'Reversal')], max_length=20, verbose_name='kind')),
                ('dimension', models.CharField(choices=[('total', 'Whole run'), ('county', 'County'), ('status', 'Status'), ('level', 'Level'), ('facility', 'Facility')], max_length=10, verbose_name='compared by')),
                ('measure', models.CharField(choices=[('rows', 'rows'), ('amount', 'amount')], max_length=10, verbose_name='figure')),
                ('percent', models.DecimalField(blank=True, decimal_places=2, help_text='More than this is to be acknowledged. Empty: this figure is not watched.', max_digits=6, null=True, verbose_name='change in per cent')),
                ('least', office.models.comparison.FigureField(decimal_places=2, default=0, help_text='Smaller changes, in rows or yuan, are passed over.', max_digits=16, verbose_name='least change')),
            ],
            options={
                'verbose_name': 'comparison threshold',
                'verbose_name_plural': 'comparison thresholds',
                'ordering': ['id'],
                'default_permissions': ('view', 'change'),
                'constraints': [models.UniqueConstraint(fields=('kind', 'dimension', 'measure'), name='threshold_once'), models.CheckConstraint(condition=models.Q(('percent__isnull', True), ('percent__gte', 0), _connector='OR'), name='threshold_percent_not_negative'), models.CheckConstraint(condition=models.Q(('least__gte', 0)), name='threshold_least_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Excess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(choices=[('total', 'Whole run'), ('county', 'County'), ('status', 'Status'), ('level', 'Level'), ('facility', 'Facility')], max_length=10, verbose_name='compared by')),
                ('key', models.CharField(blank=True, max_length=40, verbose_name='key')),
                ('measure', models.CharField(choices=[('rows', 'rows'), ('amount', 'amount')], max_length=10, verbose_name='figure')),
                ('before', office.models.comparison.FigureField(decimal_places=2, max_digits=16, verbose_name='before')),
                ('now', office.models.comparison.FigureField(decimal_places=2, max_digits=16, verbose_name='now')),
                ('percent', models.DecimalField(decimal_places=2, max_digits=6, verbose_name='change in per cent')),
                ('least', office.models.comparison.FigureField(decimal_places=2, max_digits=16, verbose_name='least change')),
                ('acknowledged_at', models.DateTimeField(null=True, verbose_name='acknowledged at')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('acknowledged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='acknowledged by')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='excesses', to='office.run', verbose_name='run')),
            ],
            options={
                'verbose_name': 'change beyond the threshold',
                'verbose_name_plural': 'changes beyond the threshold',
                'ordering': ['id'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('run', 'dimension', 'key', 'measure'), name='excess_once'), models.CheckConstraint(condition=models.Q(models.Q(('acknowledged_at__isnull', True), ('acknowledged_by__isnull', True), ('note', '')), models.Q(('acknowledged_at__isnull', False), ('acknowledged_by__isnull', False), models.Q(('note', ''), _negated=True)), _connector='OR'), name='excess_acknowledged_with_note')],
            },
        ),
        migrations.RunSQL(GUARD, "drop function office_guard_excess"),
        migrations.RunSQL(DEMAND, "drop function office_demand_acknowledged"),
        migrations.RunSQL(
            """
            create trigger guard_excess before insert or update or delete on office_excess
            for each row execute function office_guard_excess()
            """,
            "drop trigger guard_excess on office_excess",
        ),
        migrations.RunSQL(
            """
            create trigger demand_acknowledged before update on office_run
            for each row when (new.state in ('reviewed', 'posting', 'posted') and old.state is distinct from new.state)
            execute function office_demand_acknowledged()
            """,
            "drop trigger demand_acknowledged on office_run",
        ),
        revoke("truncate", table="office_excess"),
    ]
