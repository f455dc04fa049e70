"""Vouchers are sealed in the order of their numbers, and what each proof of the books found is kept."""

import django.utils.timezone
from django.db import migrations, models

from office.append_only import append_only

# Before the first voucher of a statement has its number: sealing, which waits for all who hold the lock, can
# be sure that lower numbers are committed or will never be.
WHILE_POSTING = """
create function accounts_posting_voucher() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(4208);
    return null;
end
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0025_digests_of_whole_transfers'),
    ]

    operations = [
        migrations.CreateModel(
            name='VoucherSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True, verbose_name='seal number')),
                ('last_voucher', models.BigIntegerField(verbose_name='up to voucher')),
                ('count', models.IntegerField(verbose_name='vouchers')),
                ('digest', models.CharField(max_length=64, verbose_name='digest')),
                ('previous', models.CharField(blank=True, max_length=64, verbose_name='seal before')),
                ('sealed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='sealed at')),
            ],
            options={
                'verbose_name': 'seal of vouchers',
                'verbose_name_plural': 'seals of vouchers',
            },
        ),
        migrations.CreateModel(
            name='BooksCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(verbose_name='started at')),
                ('finished_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='finished at')),
                ('origin', models.CharField(choices=[('page', 'Portal'), ('command_line', 'Command line'), ('schedule', 'Schedule')], max_length=12, verbose_name='origin')),
                ('findings', models.JSONField(verbose_name='findings')),
                ('wrong', models.PositiveSmallIntegerField(verbose_name='found wrong')),
                ('run_seal', models.CharField(blank=True, max_length=64, verbose_name='last seal of runs')),
                ('voucher_seal', models.CharField(blank=True, max_length=64, verbose_name='last seal of vouchers')),
            ],
            options={
                'verbose_name': 'check of the books',
                'verbose_name_plural': 'checks of the books',
            },
        ),
        *append_only("accounts_voucherseal"),
        *append_only("accounts_bookscheck"),
        migrations.RunSQL(WHILE_POSTING, "drop function accounts_posting_voucher"),
        migrations.RunSQL(
            """
            create trigger posting_voucher before insert on accounts_voucher
            for each statement execute function accounts_posting_voucher()
            """,
            "drop trigger posting_voucher on accounts_voucher",
        ),
    ]
