import django.db.models.deletion
import office.fields
from django.conf import settings
from django.db import migrations, models


# What was shipped first holds; what an upgrade brought later was never approved by anybody.
APPROVE_THE_FIRST = [
    "update office_policyversion set state = 'approved' where number = 1",
    """
    delete from office_policyversion
    where number > 1 and not exists (select from office_run where policy_id = office_policyversion.id)
    """,
    """
    update office_policyversion version
    set state = 'withdrawn', base_id = first.id, effective = date_trunc('month', version.created_at)
    from office_policyversion first
    where version.number > 1 and first.number = 1 and first.scheme = version.scheme
    """,
    "set constraints all immediate",  # with checks pending no index can be made
]

# What may still change of a version, by its state. What a run used is fixed in any state.
REFUSE = """
create function office_refuse_change_of_policy_version() returns trigger language plpgsql as $$
declare
    open_fields text[] := case old.state
        when 'draft' then array['document', 'sha256', 'effective', 'state']
        when 'submitted' then array['state', 'approved_by_id', 'approved_at']
    end;
    next_states text[] := case old.state
        when 'draft' then array['draft', 'submitted', 'withdrawn']
        when 'submitted' then array['submitted', 'draft', 'approved']
    end;
begin
    if tg_op = 'UPDATE' and new.state = any(next_states)
       and to_jsonb(new) - open_fields = to_jsonb(old) - open_fields
       and not exists (select from office_run where policy_id = old.id) then
        return new;
    end if;
    raise exception 'policy version % of scheme % is %: it cannot be changed so', old.number, old.scheme, old.state
        using errcode = 'restrict_violation';
end
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('office', '0003_imports'),
    ]

    operations = [
        migrations.CreateModel(
            name='PolicyEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='at')),
                ('act', models.CharField(max_length=20, verbose_name='act')),
                ('detail', models.TextField(blank=True, verbose_name='detail')),
            ],
            options={
                'verbose_name': 'policy event',
                'verbose_name_plural': 'policy events',
                'ordering': ['id'],
            },
        ),
        migrations.AlterModelOptions(
            name='policyversion',
            options={'ordering': ['scheme', '-number'], 'permissions': [('approve_policyversion', 'Can approve policy versions')], 'verbose_name': 'policy version', 'verbose_name_plural': 'policy versions'},
        ),
        migrations.RemoveConstraint(
            model_name='policyversion',
            name='policy_version_content_once',
        ),
        migrations.AddField(
            model_name='policyversion',
            name='approved_at',
            field=models.DateTimeField(null=True, verbose_name='approved at'),
        ),
        migrations.AddField(
            model_name='policyversion',
            name='approved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by'),
        ),
        migrations.AddField(
            model_name='policyversion',
            name='base',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='successors', to='office.policyversion', verbose_name='builds on'),
        ),
        migrations.AddField(
            model_name='policyversion',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by'),
        ),
        migrations.AddField(
            model_name='policyversion',
            name='effective',
            field=office.fields.MonthField(help_text='Earlier months keep the version before.', null=True, verbose_name='holds from'),
        ),
        migrations.AddField(
            model_name='policyversion',
            name='state',
            field=models.CharField(choices=[('draft', 'Draft'), ('submitted', 'Awaiting approval'), ('approved', 'Approved'), ('withdrawn', 'Withdrawn')], default='draft', max_length=10, verbose_name='state'),
        ),
        migrations.RunSQL(APPROVE_THE_FIRST, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.UniqueConstraint(condition=models.Q(('base__isnull', True)), fields=('scheme',), name='policy_version_one_first'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'approved')), fields=('base',), name='policy_version_one_successor'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['draft', 'submitted'])), fields=('scheme',), name='policy_version_one_open'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('base__isnull', True), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='policy_version_is_approved_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), ('created_by__isnull', True), models.Q(('approved_by', models.F('created_by')), _negated=True), _connector='OR'), name='policy_version_approver_is_not_author'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('base__isnull', True), ('effective__isnull', True)), models.Q(('base__isnull', False), ('effective__isnull', False)), _connector='OR'), name='policy_version_later_ones_say_from_when'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.CheckConstraint(condition=models.Q(('effective__day', 1)), name='policy_version_first_of_month'),
        ),
        migrations.AddField(
            model_name='policyevent',
            name='actor',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='policyevent',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='office.policyversion', verbose_name='policy version'),
        ),
        migrations.RunSQL(REFUSE, "drop function office_refuse_change_of_policy_version"),
        migrations.RunSQL(
            """
            create trigger refuse_change_of_policy_version before update or delete on office_policyversion
            for each row execute function office_refuse_change_of_policy_version()
            """,
            "drop trigger refuse_change_of_policy_version on office_policyversion",
        ),
    ]
