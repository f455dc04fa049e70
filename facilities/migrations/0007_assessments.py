"""Yearly assessments: scored by one person, signed off by another, and frozen then."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from office.row_security import county_is_mine, protect

REFUSE = """
create function facilities_refuse_signed(said text) returns void language plpgsql as $$
begin
    raise exception '% is signed off and stays as it is', said
        using errcode = 'restrict_violation', constraint = 'assessment_signed';
end
$$
"""

# Signed off once, when every item has its points, by nobody who entered any of them under whatever sign-in.
GUARD_ASSESSMENT = """
create function facilities_guard_assessment() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' and old.signed_at is not null then
        perform facilities_refuse_signed('assessment ' || old.id);
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    if new.signed_at is null then
        return new;
    end if;
    if not exists (
        select from facilities_assessmentgrade grade
        where grade.year = new.year and grade.least <= (
            select sum(score) from facilities_assessmentscore where assessment_id = new.id
        )
    ) or exists (
        select from facilities_assessmentitem item
        where item.year = new.year and not exists (
            select from facilities_assessmentscore where assessment_id = new.id and item_id = item.id
        )
    ) then
        raise exception 'assessment % is not complete', new.id
            using errcode = 'restrict_violation', constraint = 'assessment_complete';
    end if;
    if exists (
        select from facilities_assessmentscore
        where assessment_id = new.id
          and office_person_of(entered_by_id) = office_person_of(new.signed_by_id)
    ) then
        raise exception 'staff % entered points of assessment %', new.signed_by_id, new.id
            using errcode = 'restrict_violation', constraint = 'assessment_by_two';
    end if;
    new.signed_at := now();
    return new;
end
$$
"""

GUARD_SCORE = """
create function facilities_guard_score() returns trigger language plpgsql security definer as $$
declare
    own bigint := case tg_op when 'DELETE' then old.assessment_id else new.assessment_id end;
    assessed facilities_assessment;
begin
    -- Whoever signs off meanwhile waits for these points, or they for the signature.
    select * into assessed from facilities_assessment where id = own for update;
    if assessed.signed_at is not null then
        perform facilities_refuse_signed('assessment ' || own);
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    if not exists (
        select from facilities_assessmentitem
        where id = new.item_id and year = assessed.year and most >= new.score
    ) then
        raise exception 'item % gives no % points in %', new.item_id, new.score, assessed.year
            using errcode = 'check_violation', constraint = 'assessment_score_of_item';
    end if;
    return new;
end
$$
"""

# The items and results of a year stay as they are once somebody has signed by them.
GUARD_SCHEME = """
create function facilities_guard_scheme() returns trigger language plpgsql as $$
declare
    own int[] := array[
        case when tg_op <> 'DELETE' then (to_jsonb(new) ->> 'year')::int end,
        case when tg_op <> 'INSERT' then (to_jsonb(old) ->> 'year')::int end
    ];
begin
    if exists (select from facilities_assessment where year = any(own) and signed_at is not null) then
        perform facilities_refuse_signed('an assessment of the year');
    end if;
    return case tg_op when 'DELETE' then old else new end;
end
$$
"""

# What a facility scored in a year, once that is signed off: deposits and renewals go by it (Shaoguan 9(2)).
ASSESSED = """
create view facilities_assessed with (security_invoker = true) as
select assessment.id as assessment_id, assessment.facility_id, assessment.year, scored.score, grade.title as result
from facilities_assessment assessment
cross join lateral (
    select sum(score) as score from facilities_assessmentscore where assessment_id = assessment.id
) scored
join lateral (
    select title from facilities_assessmentgrade
    where year = assessment.year and least <= scored.score
    order by least desc
    limit 1
) grade on true
where assessment.signed_at is not null
"""

EVER = "before insert or update or delete"
GUARDS = {
    "facilities_assessment": "facilities_guard_assessment",
    "facilities_assessmentscore": "facilities_guard_score",
    "facilities_assessmentitem": "facilities_guard_scheme",
    "facilities_assessmentgrade": "facilities_guard_scheme",
}
NAMES = {"facilities_assessment": "signed_by_id", "facilities_assessmentscore": "entered_by_id"}
MINE = f"""exists (
    select from facilities_facility facility
    where facility.id = facility_id and {county_is_mine("facility.county_id")}
)"""


class Migration(migrations.Migration):
    dependencies = [
        ("facilities", "0006_days_in_force"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AssessmentItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('title', models.CharField(max_length=200, verbose_name='item')),
                ('most', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='most points')),
            ],
            options={
                'verbose_name': 'assessment item',
                'verbose_name_plural': 'assessment items',
                'ordering': ['-year', 'number'],
            },
        ),
        migrations.AddConstraint(
            model_name='assessmentitem',
            constraint=models.UniqueConstraint(fields=('year', 'number'), name='assessment_item_once', violation_error_message='The year has an item with this number.'),
        ),
        migrations.AddConstraint(
            model_name='assessmentitem',
            constraint=models.CheckConstraint(condition=models.Q(('most__gt', 0)), name='assessment_item_gives_points', violation_error_message='An item gives more than 0 points.'),
        ),
        migrations.CreateModel(
            name='AssessmentGrade',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('least', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='from points')),
                ('title', models.CharField(max_length=40, verbose_name='result')),
            ],
            options={
                'verbose_name': 'assessment result',
                'verbose_name_plural': 'assessment results',
                'ordering': ['-year', '-least'],
            },
        ),
        migrations.AddConstraint(
            model_name='assessmentgrade',
            constraint=models.UniqueConstraint(fields=('year', 'least'), name='assessment_grade_once', violation_error_message='The year has a result from these points on.'),
        ),
        migrations.AddConstraint(
            model_name='assessmentgrade',
            constraint=models.CheckConstraint(condition=models.Q(('least__gte', 0)), name='assessment_grade_not_negative'),
        ),
        migrations.CreateModel(
            name='Assessment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('remark', models.CharField(blank=True, max_length=500, verbose_name='remark')),
                ('signed_at', models.DateTimeField(editable=False, null=True, verbose_name='signed off at')),
            ],
            options={
                'verbose_name': 'assessment',
                'verbose_name_plural': 'assessments',
                'ordering': ['-year', 'facility'],
                'permissions': [('sign_assessment', 'Can sign assessments off')],
            },
        ),
        migrations.AddField(
            model_name='assessment',
            name='facility',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='facilities.facility', verbose_name='facility'),
        ),
        migrations.AddField(
            model_name='assessment',
            name='signed_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='signed off by'),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.UniqueConstraint(fields=('facility', 'year'), name='assessment_once_a_year', violation_error_message='The facility is being assessed for this year already.'),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('signed_at__isnull', True), ('signed_by__isnull', True)), models.Q(('signed_at__isnull', False), ('signed_by__isnull', False)), _connector='OR'), name='assessment_signed_by_somebody'),
        ),
        migrations.CreateModel(
            name='AssessmentScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='points')),
            ],
            options={
                'verbose_name': 'points for an item',
                'verbose_name_plural': 'points for items',
                'ordering': ['assessment', 'item'],
            },
        ),
        migrations.AddField(
            model_name='assessmentscore',
            name='assessment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='facilities.assessment', verbose_name='assessment'),
        ),
        migrations.AddField(
            model_name='assessmentscore',
            name='entered_by',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by'),
        ),
        migrations.AddField(
            model_name='assessmentscore',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.assessmentitem', verbose_name='item'),
        ),
        migrations.AddConstraint(
            model_name='assessmentscore',
            constraint=models.UniqueConstraint(fields=('assessment', 'item'), name='assessment_score_once'),
        ),
        migrations.AddConstraint(
            model_name='assessmentscore',
            constraint=models.CheckConstraint(condition=models.Q(('score__gte', 0)), name='assessment_score_not_negative'),
        ),
        migrations.RunSQL(REFUSE, "drop function facilities_refuse_signed"),
        migrations.RunSQL(GUARD_ASSESSMENT, "drop function facilities_guard_assessment"),
        migrations.RunSQL(GUARD_SCORE, "drop function facilities_guard_score"),
        migrations.RunSQL(GUARD_SCHEME, "drop function facilities_guard_scheme"),
        migrations.RunSQL(ASSESSED, "drop view facilities_assessed"),
        *(
            migrations.RunSQL(
                f"create trigger guard {EVER} on {table} for each row execute function {function}()",
                migrations.RunSQL.noop,
            )
            for table, function in GUARDS.items()
        ),
        *(
            migrations.RunSQL(
                f"create trigger demand_own_name before insert or update of {column} on {table}"
                f" for each row when (new.{column} is not null)"
                f" execute function office_demand_own_name('{column}')",
                migrations.RunSQL.noop,
            )
            for table, column in NAMES.items()
        ),
        *protect("facilities_assessment", mine=MINE, all_may_read=True),
        *protect(
            "facilities_assessmentscore",
            mine=f"exists (select from facilities_assessment where id = assessment_id and {MINE})",
            all_may_read=True,
        ),
    ]
