"""Staged rows and stored files hold identity numbers in the clear: the rows are staged anew, the files sealed."""

import django.contrib.postgres.fields
from django.db import migrations, models


def seal_stored_files(apps, schema_editor):
    from office import uploads

    for name in apps.get_model("office", "ImportFile").objects.values_list("stored_as", flat=True):
        stored = uploads.path_of(name)
        if stored.exists():
            again = stored.with_suffix(".new")
            with open(stored, "rb") as clear, open(again, "wb") as sealed:
                uploads.write(name, iter(lambda clear=clear: clear.read(uploads.FRAME), b""), sealed)
            again.replace(stored)


RECORD_CHANGE = r"""
create or replace function office_record_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
-- Told by its trigger: the kind of record, and the columns that are left out.
declare
    changed text;
    found text;
begin
    -- Of a sealed value (`x_sealed`) is kept whether there was one, when what it is (`x_index`) has changed:
    -- the same value under another key is no change, and no key must be kept for the history's sake.
    select string_agg(
        case when attname like '%\_sealed' then format(
            'case when %4$s is distinct from %5$s'
            ' then jsonb_build_object(%1$L, jsonb_build_array(%2$s is not null, %3$s is not null)) else ''{}'' end',
            attname, was, is_now, replace(was, '_sealed', '_index'), replace(is_now, '_sealed', '_index')
        ) else format(
            'case when %2$s is distinct from %3$s'
            ' then jsonb_build_object(%1$L, jsonb_build_array(%2$s, %3$s)) else ''{}'' end',
            attname, was, is_now
        ) end,
        ' || ' order by attnum
    ) into changed
    from pg_attribute
    cross join lateral (
        select
            case tg_op when 'INSERT' then 'null' else format('o.%I', attname) end as was,
            case tg_op when 'UPDATE' then format('n.%I', attname) else 'null' end as is_now
    ) named
    where attrelid = tg_relid and attnum > 0 and not attisdropped and attname <> all (tg_argv[1:]);

    found := case tg_op
        when 'INSERT' then $sql$
            select null::bigint as record, range_agg(int8range(id, id, '[]')) as ids, null::jsonb as changes
            from new_rows having count(*) > 0
        $sql$
        when 'UPDATE' then $sql$
            select coalesce(o.id, n.id) as record, null::int8multirange as ids, $sql$ || changed || $sql$ as changes
            from old_rows o full join new_rows n on n.id = o.id offset 0
        $sql$
        else $sql$
            select o.id as record, null::int8multirange as ids, $sql$ || changed || $sql$ as changes
            from old_rows o
        $sql$
    end;
    execute format(
        $sql$
            insert into %I.office_history
                (at, staff_id, origin, address, because, login, model, operation, record, ids, changes)
            select now(), $1, $2, $3, $4, session_user, $5, $6, record, ids, changes
            from (%s) found where changes is distinct from '{}'
        $sql$, tg_table_schema, found
    ) using
        nullif(current_setting('gongji.staff', true), '')::bigint,
        coalesce(current_setting('gongji.origin', true), ''),
        coalesce(current_setting('gongji.address', true), ''),
        coalesce(current_setting('gongji.because', true), ''),
        tg_argv[0],
        lower(tg_op);
    return null;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("office", "0008_history")]

    operations = [
        migrations.RunSQL("truncate office_importrow", migrations.RunSQL.noop),
        migrations.RunSQL(
            "update office_importfile set state = 'uploaded' where state in ('checked', 'checking')",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            model_name="importrow",
            name="protected",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(null=True),
                default=list,
                size=None,
                verbose_name="protected cells",
            ),
        ),
        migrations.RunSQL(RECORD_CHANGE, migrations.RunSQL.noop),
        migrations.RunPython(seal_stored_files, migrations.RunPython.noop),
    ]
