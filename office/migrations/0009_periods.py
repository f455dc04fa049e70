"""Accounting months are closed, and the database knows which are.

The one lock of the books (4204) is held shared by whoever posts and alone by whoever closes.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import office.fields
from office.append_only import append_only

CLOSED_THROUGH = """
create function office_closed_through() returns date language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock_shared(4204);
    return (
        select case act when 'close' then month else (month - interval '1 month')::date end
        from office_periodevent order by id desc limit 1
    );
end
$$
"""

# Before the statement, so that the number of the new row is taken under the lock too: the last is the latest.
HOLD = """
create function office_hold_the_books() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(4204);
    return null;
end
$$
"""

GUARD = """
create function office_guard_period() returns trigger language plpgsql as $$
declare
    closed date := office_closed_through();
    posting text;
begin
    if new.act = 'reopen' and new.month is distinct from closed then
        raise exception 'only the month closed last can be opened again'
            using errcode = 'restrict_violation', constraint = 'periods_in_order';
    end if;
    if new.act = 'close' then
        if new.month <> closed + interval '1 month' then
            raise exception 'months are closed in order: the last is %', to_char(closed, 'YYYY-MM')
                using errcode = 'restrict_violation', constraint = 'periods_in_order';
        end if;
        select string_agg('#' || id, ', ' order by id) into posting
        from office_run where state = 'posting' and booked_in <= new.month;
        if posting is not null then
            raise exception 'still being posted in %: %', to_char(new.month, 'YYYY-MM'), posting
                using errcode = 'restrict_violation', constraint = 'period_is_posted';
        end if;
    end if;
    new.at := clock_timestamp();
    return new;
end
$$
"""

START = """
create function office_guard_start_of_posting() returns trigger language plpgsql as $$
begin
    if new.booked_in <= office_closed_through() then
        raise exception 'run % cannot be posted: the books of % are closed', new.id, to_char(new.booked_in, 'YYYY-MM')
            using errcode = 'restrict_violation', constraint = 'books_closed';
    end if;
    return new;
end
$$
"""

# A worker that was frozen, or slow, must not post into a run that was given up meanwhile.
POST = """
create function office_guard_posting_of_chunk() returns trigger language plpgsql as $$
begin
    perform from office_run where id = new.run_id and state = 'posting' for share;
    if not found then
        raise exception 'run % is not being posted', new.run_id
            using errcode = 'restrict_violation', constraint = 'chunk_of_posting_run';
    end if;
    return new;
end
$$
"""

class Migration(migrations.Migration):
    dependencies = [("office", "0008_history")]

    operations = [
        migrations.CreateModel(
            name='PeriodEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', office.fields.MonthField(verbose_name='month')),
                ('act', models.CharField(choices=[('close', 'Closed the month'), ('reopen', 'Opened the month again')], max_length=10, verbose_name='step')),
                ('origin', models.CharField(choices=[('page', 'Portal'), ('command_line', 'Command line'), ('schedule', 'Schedule')], max_length=12, verbose_name='origin')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='at')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'month closed or opened',
                'verbose_name_plural': 'months closed or opened',
                'ordering': ['-id'],
                'permissions': [('close_month', 'Can close accounting months and open the last one again')],
                'default_permissions': ('view',),
            },
        ),
        migrations.AddField(
            model_name='run',
            name='booked_in',
            field=office.fields.MonthField(help_text='The month in whose books it is posted.', null=True, verbose_name='accounting month'),
        ),
        migrations.AddField(
            model_name='run',
            name='compared_with',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='office.run', verbose_name='compared with'),
        ),
        migrations.AddField(
            model_name='runchunk',
            name='error',
            field=models.TextField(blank=True, db_default='', verbose_name='error'),
        ),
        migrations.AddField(
            model_name='runchunk',
            name='failed_at',
            field=models.DateTimeField(null=True, verbose_name='failed at'),
        ),
        # What is posted already was booked in the month it is named for; sealed runs refuse to be changed.
        migrations.RunSQL("alter table office_run disable trigger refuse_change_of_sealed_run", migrations.RunSQL.noop),
        migrations.RunSQL(
            "update office_run set booked_in = period where state in ('posting', 'posted', 'reversed')",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL("alter table office_run enable trigger refuse_change_of_sealed_run", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(('booked_in__day', 1)), name='run_booked_in_first_of_month'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'computed', 'reviewed', 'cancelled']), ('booked_in__isnull', False), _connector='OR'), name='run_posting_knows_its_month'),
        ),
        migrations.AddField(
            model_name='periodevent',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddConstraint(
            model_name='periodevent',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='period_event_first_of_month'),
        ),
        migrations.AddConstraint(
            model_name='periodevent',
            constraint=models.CheckConstraint(condition=models.Q(('act', 'close'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='period_event_reopened_with_reason'),
        ),
        *append_only("office_periodevent"),
        migrations.RunSQL(CLOSED_THROUGH, "drop function office_closed_through"),
        migrations.RunSQL(HOLD, "drop function office_hold_the_books"),
        migrations.RunSQL(GUARD, "drop function office_guard_period"),
        migrations.RunSQL(START, "drop function office_guard_start_of_posting"),
        migrations.RunSQL(POST, "drop function office_guard_posting_of_chunk"),
        migrations.RunSQL(
            """
            create trigger hold_the_books before insert on office_periodevent
            for each statement execute function office_hold_the_books()
            """,
            "drop trigger hold_the_books on office_periodevent",
        ),
        migrations.RunSQL(
            """
            create trigger guard_period before insert on office_periodevent
            for each row execute function office_guard_period()
            """,
            "drop trigger guard_period on office_periodevent",
        ),
        migrations.RunSQL(
            """
            create trigger guard_start_of_posting before update on office_run
            for each row when (new.state = 'posting' and old.state <> 'posting')
            execute function office_guard_start_of_posting()
            """,
            "drop trigger guard_start_of_posting on office_run",
        ),
        migrations.RunSQL(
            """
            create trigger guard_posting_of_chunk before update on office_runchunk
            for each row when (new.posted_at is not null and old.posted_at is null)
            execute function office_guard_posting_of_chunk()
            """,
            "drop trigger guard_posting_of_chunk on office_runchunk",
        ),
    ]
