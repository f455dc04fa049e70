"""A preview's findings are kept until they are applied, with what proves that they still hold; and an import
can be taken back: sealed values it writes over are kept for that."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from office.append_only import revoke

RECORD_CHANGE = r"""
create or replace function office_record_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
-- Told by its trigger: the kind of record, and the columns that are left out.
declare
    changed text;
    found text;
    kept text;
    indexes text;
    because constant text := coalesce(current_setting('gongji.because', true), '');
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
        because,
        tg_argv[0],
        lower(tg_op);

    -- What an import writes over and the history does not hold is kept for its being taken back.
    if tg_op = 'UPDATE' and because like 'import %' then
        select
            string_agg(format('%1$L, o.%1$I', attname), ', '),
            string_agg(format('o.%1$I is distinct from n.%1$I', attname), ' or ')
                filter (where attname like '%\_index')
        into kept, indexes
        from pg_attribute
        where attrelid = tg_relid and attnum > 0 and not attisdropped and attname ~ '_(sealed|index)$';
        if indexes is not null then
            execute format(
                $sql$
                    insert into %I.office_overwritten (because, model, record, old)
                    select $1, $2, o.id, jsonb_build_object(%s)
                    from old_rows o join new_rows n on n.id = o.id
                    where %s
                    on conflict do nothing
                $sql$, tg_table_schema, kept, indexes
            ) using because, tg_argv[0];
        end if;
    end if;
    return null;
end
$$
"""

STATES = [
    ("uploaded", "Uploaded"),
    ("checking", "Being checked"),
    ("checked", "Awaiting confirmation"),
    ("applying", "Being applied"),
    ("applied", "Applied"),
    ("refused", "Refused"),
    ("cancelled", "Cancelled"),
    ("undoing", "Being taken back"),
    ("undone", "Taken back"),
]


class Migration(migrations.Migration):
    dependencies = [("office", "0016_pages_act_for_who_asked")]

    operations = [
        migrations.AddField("importfile", "judged", models.JSONField(default=dict, editable=False)),
        migrations.AddField("importrow", "fact", models.TextField(null=True, editable=False)),
        migrations.AddField("history", "transaction", models.BigIntegerField(null=True, editable=False)),
        migrations.RunSQL(
            "alter table office_history alter transaction set default pg_current_xact_id()::text::bigint",
            "alter table office_history alter transaction drop default",
        ),
        migrations.AddIndex(
            "history",
            django.contrib.postgres.indexes.BrinIndex(fields=["transaction"], name="history_of_transaction"),
        ),
        migrations.AddField(
            "importfile", "content_digest", models.CharField(max_length=64, blank=True, editable=False)
        ),
        migrations.AlterField(
            "importfile",
            "state",
            models.CharField(choices=STATES, default="uploaded", max_length=10, verbose_name="state"),
        ),
        migrations.AddField(
            "importfile",
            "undone_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_imports",
                to=settings.AUTH_USER_MODEL,
                verbose_name="taken back by",
            ),
        ),
        migrations.AddField(
            "importfile", "undone_at", models.DateTimeField(null=True, verbose_name="taken back at")
        ),
        migrations.AddField(
            "importfile",
            "undo_reason",
            models.CharField(blank=True, max_length=200, verbose_name="reason for taking it back"),
        ),
        migrations.CreateModel(
            name="Overwritten",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("because", models.CharField(max_length=50)),
                ("model", models.CharField(max_length=50)),
                ("record", models.BigIntegerField()),
                ("old", models.JSONField()),
            ],
            options={
                "db_table": "office_overwritten",
                "default_permissions": [],
                "constraints": [
                    models.UniqueConstraint(fields=("because", "model", "record"), name="overwritten_once")
                ],
            },
        ),
        # Pages have no business there; only the triggers write it.
        revoke("insert, update", table="office_overwritten"),
        migrations.RunSQL(
            """
            do $$
            begin
                if exists (select from pg_roles where rolname = current_user || '_app') then
                    execute format('revoke all on office_overwritten from %I', current_user || '_app');
                end if;
            end
            $$
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(RECORD_CHANGE, migrations.RunSQL.noop),
    ]
