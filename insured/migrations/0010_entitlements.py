"""Family links, filings, certified diseases and referrals, seen where their people are."""

import django.contrib.postgres.constraints
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from office.row_security import protect

PERSON_IS_MINE = "exists (select from insured_person person where person.id = person_id)"
# Both sides of a link see it; it is kept where the holder of the account is.
RELATIVE_IS_MINE = "exists (select from insured_person relative where relative.id = relative_id)"


class Migration(migrations.Migration):

    dependencies = [
        ('facilities', '0007_assessments'),
        ('insured', '0009_one_scheme_at_a_time'),
    ]

    operations = [
        migrations.CreateModel(
            name='CertifiedDisease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('chronic', 'Chronic disease'), ('special', 'Special disease')], max_length=7, verbose_name='kind')),
                ('code', models.CharField(max_length=40, verbose_name='disease code')),
                ('name', models.CharField(max_length=100, verbose_name='disease')),
                ('first_day', models.DateField(verbose_name='first day')),
                ('last_day', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('ended_because', models.CharField(blank=True, max_length=200, verbose_name='ended because')),
                ('evidence', models.CharField(max_length=200, verbose_name='evidence')),
                ('facility', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.facility', verbose_name='certified by')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certified_diseases', to='insured.person', verbose_name='insured person')),
            ],
            options={
                'verbose_name': 'certified disease',
                'verbose_name_plural': 'certified diseases',
                'constraints': [models.CheckConstraint(condition=models.Q(('last_day__isnull', True), ('last_day__gte', models.F('first_day')), _connector='OR'), name='disease_ends_after_it_begins', violation_error_message='The last day is before the first.'), models.CheckConstraint(condition=models.Q(('ended_because', ''), ('last_day__isnull', False), _connector='OR'), name='disease_ended_with_a_reason', violation_error_message='A reason for ending is given but no last day.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('person', '='), ('code', '='), (models.Func('first_day', 'last_day', models.Value('[]'), function='daterange'), '&&')], name='disease_no_overlap', violation_error_message='This disease is on record already in these days.')],
            },
        ),
        migrations.CreateModel(
            name='FamilyLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('relation', models.CharField(choices=[('spouse', 'Spouse'), ('parent', 'Parent'), ('child', 'Child')], max_length=6, verbose_name='relation')),
                ('relative_name', models.CharField(blank=True, max_length=100, verbose_name='name of the relative')),
                ('relative_document_index', models.BinaryField(max_length=16, null=True)),
                ('relative_document_sealed', models.BinaryField(null=True)),
                ('first_day', models.DateField(verbose_name='first day')),
                ('last_day', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('ended_because', models.CharField(blank=True, choices=[('divorce', 'Divorce'), ('revoked', 'Revoked by the holder'), ('death', 'Death'), ('other', 'Other reason')], max_length=7, verbose_name='ended because')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='family_links', to='insured.person', verbose_name='holder of the account')),
                ('relative', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='family_links_to', to='insured.person', verbose_name='relative')),
            ],
            options={
                'verbose_name': 'family link',
                'verbose_name_plural': 'family links',
                'constraints': [models.CheckConstraint(condition=models.Q(('relative', models.F('person')), _negated=True), name='family_not_oneself', violation_error_message='Nobody is their own relative.'), models.CheckConstraint(condition=models.Q(models.Q(('relative__isnull', False), ('relative_document_index__isnull', True), ('relative_name', '')), models.Q(('relative__isnull', True), ('relative_document_index__isnull', False), models.Q(('relative_name', ''), _negated=True), ('relative_document_sealed__isnull', False)), _connector='OR'), name='family_one_relative', violation_error_message='Name somebody on record, or else the name and document of somebody insured elsewhere.'), models.CheckConstraint(condition=models.Q(('last_day__isnull', True), ('last_day__gte', models.F('first_day')), _connector='OR'), name='family_ends_after_it_begins', violation_error_message='The last day is before the first.'), models.CheckConstraint(condition=models.Q(models.Q(('ended_because', ''), ('last_day__isnull', True)), models.Q(('last_day__isnull', False), models.Q(('ended_because', ''), _negated=True)), _connector='OR'), name='family_ends_for_a_reason', violation_error_message='A link that ends has a last day and a reason.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('person', '='), ('relative', '='), (models.Func('first_day', 'last_day', models.Value('[]'), function='daterange'), '&&')], name='family_once_here', violation_error_message='This relative is linked already in these days.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('person', '='), ('relative_document_index', '='), (models.Func('first_day', 'last_day', models.Value('[]'), function='daterange'), '&&')], name='family_once_elsewhere', violation_error_message='This relative is linked already in these days.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('relation', 'spouse')), expressions=[('person', '='), (models.Func('first_day', 'last_day', models.Value('[]'), function='daterange'), '&&')], name='family_one_spouse', violation_error_message='Another spouse is linked in these days; end that link first.')],
            },
        ),
        migrations.CreateModel(
            name='Filing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('resettled', 'Retired and resettled elsewhere'), ('resident', 'Living elsewhere for long'), ('stationed', 'Stationed elsewhere for work'), ('referred', 'Referred elsewhere'), ('emergency', 'Emergency elsewhere'), ('temporary', 'Elsewhere for a while')], max_length=10, verbose_name='kind')),
                ('destination_code', models.CharField(blank=True, max_length=6, validators=[django.core.validators.RegexValidator('^[0-9]{6}$', 'Six digits.')], verbose_name='division code of the destination')),
                ('destination', models.CharField(max_length=100, verbose_name='destination')),
                ('first_day', models.DateField(verbose_name='first day')),
                ('last_day', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('ended_because', models.CharField(blank=True, max_length=200, verbose_name='ended because')),
                ('evidence', models.CharField(blank=True, max_length=200, verbose_name='evidence')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='filings', to='insured.person', verbose_name='insured person')),
            ],
            options={
                'verbose_name': 'filing out of the area',
                'verbose_name_plural': 'filings out of the area',
                'constraints': [models.CheckConstraint(condition=models.Q(('last_day__isnull', True), ('last_day__gte', models.F('first_day')), _connector='OR'), name='filing_ends_after_it_begins', violation_error_message='The last day is before the first.'), models.CheckConstraint(condition=models.Q(('ended_because', ''), ('last_day__isnull', False), _connector='OR'), name='filing_ended_with_a_reason', violation_error_message='A reason for ending is given but no last day.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('person', '='), ('kind', '='), (models.Func('first_day', 'last_day', models.Value('[]'), function='daterange'), '&&')], name='filing_no_overlap', violation_error_message='The person has another filing of this kind in these days; end that one first.')],
            },
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('to_elsewhere', models.CharField(blank=True, help_text='Place and hospital, when it is none of the facilities on record.', max_length=100, verbose_name='referred elsewhere to')),
                ('issued_on', models.DateField(verbose_name='issued on')),
                ('valid_until', models.DateField(verbose_name='valid until')),
                ('diagnosis', models.CharField(max_length=200, verbose_name='diagnosis and reason')),
                ('issued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.facility', verbose_name='referring facility')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='referrals', to='insured.person', verbose_name='insured person')),
                ('to_facility', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.facility', verbose_name='referred to')),
            ],
            options={
                'verbose_name': 'referral',
                'verbose_name_plural': 'referrals',
                'constraints': [models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('issued_on'))), name='referral_valid_after_issued', violation_error_message='The referral would end before it is issued.'), models.CheckConstraint(condition=models.Q(models.Q(('to_facility__isnull', True), models.Q(('to_elsewhere', ''), _negated=True)), models.Q(('to_elsewhere', ''), ('to_facility__isnull', False)), _connector='OR'), name='referral_to_one_place', violation_error_message='Name the facility on record, or else the place elsewhere.'), models.CheckConstraint(condition=models.Q(('to_facility__isnull', True), models.Q(('to_facility', models.F('issued_by')), _negated=True), _connector='OR'), name='referral_to_another', violation_error_message='A facility does not refer to itself.')],
            },
        ),
        *protect(
            "insured_familylink", mine=f"({PERSON_IS_MINE} or {RELATIVE_IS_MINE})", written=PERSON_IS_MINE
        ),
        *protect("insured_filing", mine=PERSON_IS_MINE),
        *protect("insured_certifieddisease", mine=PERSON_IS_MINE),
        *protect("insured_referral", mine=PERSON_IS_MINE),
    ]
