"""Whose accounts are is sealed every night; a chunk was posted at the moment of its transfers."""

import django.utils.timezone
from django.db import migrations, models

from office.append_only import append_only

# As for vouchers (0026): what a transaction opens is there, or will never be, when accounts are sealed.
WHILE_OPENING = """
create function accounts_opening() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(4209);
    return null;
end
$$
"""
# Until now a chunk noted the moment a little after its transfers.
AS_ITS_TRANSFERS = """
update office_runchunk chunk
set posted_at = moved.posted_at
from (
    select run_id, chunk, min(created_at) as posted_at from accounts_transfer where run_id is not null group by run_id, chunk
) moved
where moved.run_id = chunk.run_id and moved.chunk = chunk.number and chunk.posted_at is not null
"""


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0035_late_news_after_closing"),
        ('insured', '0008_person_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True, verbose_name='seal number')),
                ('digest', models.CharField(max_length=64, verbose_name='digest')),
                ('previous', models.CharField(blank=True, max_length=64, verbose_name='seal before')),
                ('sealed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='sealed at')),
                ('last_account', models.BigIntegerField(verbose_name='up to account')),
                ('count', models.IntegerField(verbose_name='accounts')),
            ],
            options={
                'verbose_name': 'seal of accounts',
                'verbose_name_plural': 'seals of accounts',
            },
        ),
        migrations.AddField(
            model_name='bookscheck',
            name='account_seal',
            field=models.CharField(blank=True, max_length=64, verbose_name='last seal of accounts'),
        ),
        *append_only("accounts_accountseal"),
        migrations.RunSQL(WHILE_OPENING, "drop function accounts_opening"),
        migrations.RunSQL(
            """
            create trigger opening_account before insert on accounts_account
            for each statement execute function accounts_opening()
            """,
            "drop trigger opening_account on accounts_account",
        ),
        migrations.RunSQL("alter table office_runchunk disable trigger guard_posting_of_chunk", migrations.RunSQL.noop),
        migrations.RunSQL(AS_ITS_TRANSFERS, migrations.RunSQL.noop),
        migrations.RunSQL("alter table office_runchunk enable trigger guard_posting_of_chunk", migrations.RunSQL.noop),
    ]
