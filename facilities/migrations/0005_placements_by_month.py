"""A facility's level, parent and responsible office by month; who closed and who succeeds.

A placement holds from its month to the next one, so that placements can neither overlap nor leave a gap.
The facility's own columns repeat the placement of the current month: two triggers keep the two in step.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import office.fields
from office.policy import shipped_packs
from office.row_security import county_is_mine, protect

TODAY = """
create function agency_today() returns date language sql stable as $$
    select (now() at time zone 'Asia/Shanghai')::date
$$
"""

MONTH_DAYS = """
create function month_days(month date) returns daterange language sql immutable as $$
    select daterange(month, (month + interval '1 month')::date)
$$
"""

# What each facility is in which days. A village station works under its parent, everybody else on their own.
PLACED = """
create view facilities_placed with (security_invoker = true) as
select
    placement.facility_id,
    placement.level,
    placement.parent_id,
    placement.office,
    case facility.kind when 'village_station' then placement.parent_id else placement.facility_id end
        as contractor_id,
    daterange(
        placement.first_month,
        lead(placement.first_month) over (
            partition by placement.facility_id order by placement.first_month nulls first
        )
    ) as days
from facilities_placement placement
join facilities_facility facility on facility.id = placement.facility_id
"""

# Runs for each facility entered, and for each whose own columns no longer say what its placements do.
KEEP = """
create function facilities_keep_placement() returns trigger language plpgsql as $$
declare
    this_month constant date := date_trunc('month', agency_today());
begin
    if tg_op = 'INSERT' then
        insert into facilities_placement (facility_id, level, parent_id, office)
        values (new.id, new.level, new.parent_id, new.office);
    elsif not exists (
        select from facilities_placed placed
        where placed.facility_id = new.id and placed.days @> this_month
          and (placed.level, placed.office) = (new.level, new.office)
          and placed.parent_id is not distinct from new.parent_id
    ) then
        insert into facilities_placement (facility_id, first_month, level, parent_id, office)
        values (new.id, this_month, new.level, new.parent_id, new.office)
        on conflict (facility_id, first_month)
            do update set level = new.level, parent_id = new.parent_id, office = new.office;
    end if;
    return null;
end
$$
"""

# And the other way round: the facility shows the placement of this month.
SHOW = """
create function facilities_show_placement() returns trigger language plpgsql as $$
declare
    own constant bigint := case tg_op when 'DELETE' then old.facility_id else new.facility_id end;
begin
    update facilities_facility facility
    set level = placed.level, parent_id = placed.parent_id, office = placed.office
    from facilities_placed placed
    where facility.id = own and placed.facility_id = own
      and placed.days @> date_trunc('month', agency_today())::date
      and (facility.level, facility.parent_id, facility.office)
          is distinct from (placed.level, placed.parent_id, placed.office);
    return null;
end
$$
"""

# In no month do facilities stand under one another in a circle. Of two who build one at once the second waits
# for the first; stations, under whom nobody stands, wait for nobody. Locks parents of any county, whoever asks.
GUARD = """
create function facilities_guard_placement() returns trigger language plpgsql security definer as $$
declare
    own facilities_facility := (select facility from facilities_facility facility where id = new.facility_id);
    above facilities_facility;
begin
    if new.parent_id is null then
        if own.kind = 'village_station' then
            raise exception 'station % needs a parent', own.code
                using errcode = 'check_violation', constraint = 'facility_station_has_parent';
        end if;
        return null;
    end if;
    select facility.* into above from facilities_facility facility where facility.id = new.parent_id for share;
    if above.kind = 'village_station' then
        raise exception 'station % cannot be a parent', above.code
            using errcode = 'check_violation', constraint = 'facility_parent_is_no_station';
    end if;
    if own.kind <> 'village_station' then
        perform pg_advisory_xact_lock(4207);
        if exists (
            with recursive chain (id, days) as (
                select placed.parent_id, placed.days
                from facilities_placed placed
                where placed.facility_id = new.facility_id and placed.parent_id is not null
                union
                select placed.parent_id, placed.days * chain.days
                from chain
                join facilities_placed placed
                    on placed.facility_id = chain.id and placed.days && chain.days
                    and placed.parent_id is not null
            )
            select from chain where id = new.facility_id
        ) then
            raise exception 'facility % would stand under itself', own.code
                using errcode = 'check_violation', constraint = 'facility_no_circle';
        end if;
    end if;
    return null;
end
$$
"""

# Whoever has facilities under it, whenever, is no station.
GUARD_KIND = """
create function facilities_guard_kind() returns trigger language plpgsql as $$
begin
    if exists (select from facilities_placement where parent_id = new.id) then
        raise exception 'facility % has others under it and cannot be a station', new.code
            using errcode = 'check_violation', constraint = 'facility_parent_is_no_station';
    end if;
    return null;
end
$$
"""

TRIGGERS = [
    """
    create trigger keep_placement after insert or update of level, parent_id, office on facilities_facility
    for each row execute function facilities_keep_placement()
    """,
    """
    create trigger guard_kind after update of kind on facilities_facility
    for each row when (new.kind = 'village_station' and old.kind <> new.kind)
    execute function facilities_guard_kind()
    """,
    """
    create trigger guard_placement after insert or update on facilities_placement
    for each row execute function facilities_guard_placement()
    """,
    """
    create trigger show_placement after insert or update or delete on facilities_placement
    for each row execute function facilities_show_placement()
    """,
]


def place_from_the_beginning(apps, schema_editor):
    """What is on record now is what has been all along; who settles with whom is what the pack says."""
    Facility, Placement = (apps.get_model("facilities", name) for name in ("Facility", "Placement"))
    by_city = [
        level
        for pack in shipped_packs().values()
        if pack.city.code == settings.CITY and "settled_by_city_levels" in pack.values
        for level in pack.values["settled_by_city_levels"].entries[-1].figure
    ]
    Placement.objects.bulk_create(
        Placement(
            facility_id=number, level=level, parent_id=parent, office="city" if level in by_city else "county"
        )
        for number, level, parent in Facility.objects.values_list("pk", "level", "parent")
    )


class Migration(migrations.Migration):
    dependencies = [
        ("facilities", "0004_sealed_bank_accounts"),
        ("office", "0016_pages_act_for_who_asked"),
    ]

    operations = [
        migrations.AddField(
            model_name='facility',
            name='office',
            field=models.CharField(choices=[('county', 'County office'), ('city', 'Municipal centre')], db_default='county', default='county', max_length=10, verbose_name='responsible office'),
        ),
        migrations.AddField(
            model_name='facility',
            name='closed_on',
            field=models.DateField(blank=True, help_text='The first day on which it is closed.', null=True, verbose_name='closed from'),
        ),
        migrations.AddField(
            model_name='facility',
            name='closing_reason',
            field=models.CharField(blank=True, db_default='', max_length=500, verbose_name='reason for closing or reopening'),
        ),
        migrations.AddField(
            model_name='facility',
            name='successor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='succeeds', to='facilities.facility', verbose_name='successor'),
        ),
        migrations.AddConstraint(
            model_name='facility',
            constraint=models.CheckConstraint(condition=models.Q(('closed_on__isnull', False), ('successor__isnull', True), _connector='OR'), name='facility_succeeded_when_closed', violation_error_message='Only a closed facility has a successor.'),
        ),
        migrations.AddConstraint(
            model_name='facility',
            constraint=models.CheckConstraint(condition=models.Q(('closed_on__isnull', True), models.Q(('closing_reason', ''), _negated=True), _connector='OR'), name='facility_closed_for_a_reason', violation_error_message='Say why the facility closes.'),
        ),
        migrations.AddConstraint(
            model_name='facility',
            constraint=models.CheckConstraint(condition=models.Q(('successor__isnull', True), models.Q(('successor', models.F('id')), _negated=True), _connector='OR'), name='facility_not_its_own_successor', violation_error_message='A facility is not its own successor.'),
        ),
        migrations.CreateModel(
            name='Placement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_month', office.fields.MonthField(blank=True, null=True, verbose_name='first month')),
                ('level', models.CharField(choices=[('tertiary', 'Tertiary'), ('secondary', 'Secondary'), ('primary', 'Primary'), ('ungraded', 'Ungraded')], max_length=10, verbose_name='level')),
                ('office', models.CharField(choices=[('county', 'County office'), ('city', 'Municipal centre')], default='county', max_length=10, verbose_name='responsible office')),
                ('reason', models.CharField(blank=True, db_default='', max_length=500, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'placement',
                'verbose_name_plural': 'placements',
                'ordering': ['facility', models.OrderBy(models.F('first_month'), descending=True, nulls_last=True)],
            },
        ),
        migrations.AddField(
            model_name='placement',
            name='facility',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='placements', to='facilities.facility', verbose_name='facility'),
        ),
        migrations.AddField(
            model_name='placement',
            name='parent',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.facility', verbose_name='parent'),
        ),
        migrations.AddConstraint(
            model_name='placement',
            constraint=models.CheckConstraint(condition=models.Q(('first_month__day', 1)), name='placement_first_of_month'),
        ),
        migrations.AddConstraint(
            model_name='placement',
            constraint=models.UniqueConstraint(fields=('facility', 'first_month'), name='placement_once_a_month', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='placement',
            constraint=models.CheckConstraint(condition=models.Q(('parent__isnull', True), models.Q(('parent', models.F('facility')), _negated=True), _connector='OR'), name='placement_not_its_own_parent', violation_error_message='A facility is not its own parent.'),
        ),
        *(migrations.RunSQL(create, drop) for create, drop in (
            (TODAY, "drop function agency_today"),
            (MONTH_DAYS, "drop function month_days"),
            (PLACED, "drop view facilities_placed"),
            (KEEP, "drop function facilities_keep_placement"),
            (SHOW, "drop function facilities_show_placement"),
            (GUARD, "drop function facilities_guard_placement"),
            (GUARD_KIND, "drop function facilities_guard_kind"),
        )),
        *(migrations.RunSQL(create, migrations.RunSQL.noop) for create in TRIGGERS),
        *protect(
            "facilities_placement",
            mine=f"""exists (
                select from facilities_facility facility
                where facility.id = facility_id and {county_is_mine("facility.county_id")}
            )""",
            all_may_read=True,
        ),
        migrations.RunPython(place_from_the_beginning, migrations.RunPython.noop),
    ]
