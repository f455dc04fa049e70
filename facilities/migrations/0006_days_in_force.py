"""Agreements are drafted, signed, suspended and ended; one view says on which days one holds."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models

from office.row_security import county_is_mine, protect

# The days on which a signed agreement holds: neither suspended, nor ended early, nor its facility closed.
AGREED = """
create view facilities_agreed with (security_invoker = true) as
select
    agreement.id as agreement_id,
    agreement.facility_id,
    agreement.kind,
    datemultirange(daterange(agreement.first_day, least(agreement.last_day, agreement.ended_on), '[]'))
        - coalesce(suspended.days, '{}')
        - case when facility.closed_on is null then '{}'::datemultirange
          else datemultirange(daterange(facility.closed_on, null)) end as days
from facilities_agreement agreement
join facilities_facility facility on facility.id = agreement.facility_id
left join lateral (
    select range_agg(daterange(suspension.first_day, suspension.lifted_on)) as days
    from facilities_suspension suspension
    where suspension.agreement_id = agreement.id
) suspended on true
where agreement.signed_on is not null
"""

# The days on which a facility works under an agreement: its own, or that of the parent a station has then.
CONTRACTED = """
create view facilities_contracted with (security_invoker = true) as
select
    placed.facility_id,
    placed.contractor_id,
    agreed.agreement_id,
    agreed.kind,
    agreed.days * datemultirange(placed.days)
        - case when facility.closed_on is null then '{}'::datemultirange
          else datemultirange(daterange(facility.closed_on, null)) end as days
from facilities_placed placed
join facilities_facility facility on facility.id = placed.facility_id
join facilities_agreed agreed on agreed.facility_id = placed.contractor_id and agreed.days && placed.days
"""


class Migration(migrations.Migration):
    dependencies = [("facilities", "0005_placements_by_month")]

    operations = [
        migrations.RemoveConstraint(
            model_name='agreement',
            name='agreement_no_overlap',
        ),
        migrations.AddField(
            model_name='agreement',
            name='end_reason',
            field=models.CharField(blank=True, db_default='', max_length=500, verbose_name='reason for ending'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='ended_on',
            field=models.DateField(blank=True, help_text='The last day on which it still holds.', null=True, verbose_name='ended early on'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='signed_on',
            field=models.DateField(blank=True, null=True, verbose_name='signed on'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_on__isnull', True)), models.Q(('ended_on__range', (models.F('first_day'), models.F('last_day'))), models.Q(('end_reason', ''), _negated=True), ('signed_on__isnull', False)), _connector='OR'), name='agreement_ended_within_its_days', violation_error_message='A signed agreement ends early on one of its days, and for a reason.'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('facility', '='), ('kind', '='), (models.Func('first_day', django.db.models.functions.comparison.Least('last_day', 'ended_on'), models.Value('[]'), function='daterange'), '&&')], name='agreement_no_overlap', violation_error_message='The facility has another agreement of this kind in these days.'),
        ),
        migrations.CreateModel(
            name='Suspension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_day', models.DateField(verbose_name='suspended from')),
                ('reason', models.CharField(max_length=500, verbose_name='reason for the suspension')),
                ('lifted_on', models.DateField(blank=True, help_text='Empty while the suspension lasts.', null=True, verbose_name='in force again from')),
                ('lift_reason', models.CharField(blank=True, db_default='', max_length=500, verbose_name='reason for lifting it')),
            ],
            options={
                'verbose_name': 'suspension',
                'verbose_name_plural': 'suspensions',
                'ordering': ['agreement', '-first_day'],
            },
        ),
        migrations.AddField(
            model_name='suspension',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suspensions', to='facilities.agreement', verbose_name='agreement'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lift_reason', ''), ('lifted_on__isnull', True)), models.Q(('lifted_on__gte', models.F('first_day')), models.Q(('lift_reason', ''), _negated=True)), _connector='OR'), name='suspension_lifted_after_it_began', violation_error_message='A suspension is lifted after it began, and for a reason.'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='suspension_for_a_reason', violation_error_message='Say why the agreement is suspended.'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('agreement', '='), (models.Func('first_day', 'lifted_on', function='daterange'), '&&')], name='suspension_no_overlap', violation_error_message='The agreement is suspended in these days already.'),
        ),
        migrations.RunSQL(AGREED, "drop view facilities_agreed"),
        migrations.RunSQL(CONTRACTED, "drop view facilities_contracted"),
        *protect(
            "facilities_suspension",
            mine=f"""exists (
                select from facilities_agreement agreement
                join facilities_facility facility on facility.id = agreement.facility_id
                where agreement.id = agreement_id and {county_is_mine("facility.county_id")}
            )""",
            all_may_read=True,
        ),
        # What is on record was agreed; nobody wrote down on which day.
        migrations.RunSQL(
            "update facilities_agreement set signed_on = least(first_day, agency_today())",
            migrations.RunSQL.noop,
        ),
    ]
