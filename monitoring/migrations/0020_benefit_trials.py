"""Benefits tried out for the whole city; what a finished trial says stays."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from office.row_security import protect

# Nobody of one county sees it: its sums are the whole city's.
NOBODY_BUT_WHOLE_CITY = "false"

GUARD = """
create function monitoring_guard_benefit_trial() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.state = 'working' and (
        to_jsonb(new) - array['state', 'error', 'result', 'finished_at']
        = to_jsonb(old) - array['state', 'error', 'result', 'finished_at']
    ) then
        return new;
    end if;
    raise exception '% of a benefit trial is refused', tg_op using errcode = 'restrict_violation';
end
$$
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('monitoring', '0011_guard_cases'),
        ('office', '0044_printed_documents'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BenefitTrial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('year', models.SmallIntegerField(verbose_name='year')),
                ('document', models.TextField()),
                ('changes', models.JSONField(default=list)),
                ('state', models.CharField(choices=[('working', 'Being calculated'), ('done', 'Calculated'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], db_default='working', default='working', max_length=10, verbose_name='state')),
                ('error', models.CharField(blank=True, db_default='', max_length=500, verbose_name='why')),
                ('result', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='asked at')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='office.policyversion', verbose_name='starts from')),
            ],
            options={
                'verbose_name': 'benefit trial',
                'verbose_name_plural': 'benefit trials',
                'ordering': ['-id'],
                'default_permissions': ('view', 'add'),
            },
        ),
        migrations.CreateModel(
            name='BenefitTrialPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.BigIntegerField()),
                ('after', models.BigIntegerField()),
                ('result', models.JSONField(null=True)),
                ('trial', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='monitoring.benefittrial')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='benefittrial',
            index=models.Index(condition=models.Q(('state', 'working')), fields=['id'], name='benefit_trial_working'),
        ),
        migrations.AddConstraint(
            model_name='benefittrial',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('state', 'working')), models.Q(models.Q(('state', 'working'), _negated=True), ('finished_at__isnull', False)), _connector='OR'), name='benefit_trial_finished'),
        ),
        migrations.AddConstraint(
            model_name='benefittrial',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('result__isnull', False), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('result__isnull', True)), _connector='OR'), name='benefit_trial_result_when_done'),
        ),
        migrations.AddConstraint(
            model_name='benefittrialpart',
            constraint=models.UniqueConstraint(fields=('trial', 'first'), name='benefit_trial_part_once'),
        ),
        migrations.AddConstraint(
            model_name='benefittrialpart',
            constraint=models.CheckConstraint(condition=models.Q(('first__lt', models.F('after'))), name='benefit_trial_part_of_somebody'),
        ),
        *protect("monitoring_benefittrial", mine=NOBODY_BUT_WHOLE_CITY),
        *protect("monitoring_benefittrialpart", mine=NOBODY_BUT_WHOLE_CITY),
        migrations.RunSQL(GUARD, "drop function monitoring_guard_benefit_trial()"),
        migrations.RunSQL(
            """
            create trigger refuse_change before update or delete on monitoring_benefittrial
            for each row execute function monitoring_guard_benefit_trial()
            """,
            "drop trigger refuse_change on monitoring_benefittrial",
        ),
        migrations.RunSQL(
            """
            create trigger refuse_truncate before truncate on monitoring_benefittrial
            for each statement execute function office_refuse_change()
            """,
            "drop trigger refuse_truncate on monitoring_benefittrial",
        ),
    ]
