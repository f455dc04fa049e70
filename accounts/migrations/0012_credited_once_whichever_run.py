"""A month of an account is credited once, whichever kind of run posts it, until that credit is reversed.

The unique index on month, account and attempt lets no attempt in twice; the trigger lets a further attempt in
only when the one before was given back. A first attempt, which a month's million credits are, costs no more
than the comparison of two columns.
"""

import django.db.models.deletion
import office.fields
from django.db import migrations, models

from office.row_security import protect

AGAIN = """
create function accounts_credited_again() returns trigger language plpgsql as $$
begin
    if not exists (
        select from accounts_transfer before
        join accounts_transfer back on back.reverses_id = before.id
        where before.kind = 'credit' and before.covers = new.covers and before.credit_id = new.credit_id
            and before.attempt = new.attempt - 1
    ) then
        raise exception 'account % is credited for % already, or never was', new.credit_id, new.covers
            using errcode = 'unique_violation', constraint = 'transfer_credited_once';
    end if;
    return new;
end
$$
"""

# By whom something is credited is for posting to say; pages may withdraw what waits, and move it along when
# two records of one person are merged.
RIGHTS = """
do $$
declare
    pages text := current_user || '_app';
begin
    if exists (select from pg_roles where rolname = pages) then
        execute format('revoke update on accounts_lumpcredit from %I', pages);
        execute format('grant update (withdrawn_because, person_id) on accounts_lumpcredit to %I', pages);
    end if;
end
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_vouchers_are_posted_by_function'),
        ('insured', '0015_lists_go_by_their_indexes'),
        ('office', '0028_bases_are_compared'),
    ]

    operations = [
        migrations.AddField(
            model_name='runline',
            name='attempt',
            field=models.PositiveSmallIntegerField(db_default=0, verbose_name='attempt'),
        ),
        migrations.AddField(
            model_name='runline',
            name='credited',
            field=office.fields.MoneyField(decimal_places=2, max_digits=14, null=True, verbose_name='credited so far'),
        ),
        migrations.CreateModel(
            name='LumpCredit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('310', 'Employee scheme'), ('390', 'Resident scheme')], max_length=3, verbose_name='scheme')),
                ('kind', models.CharField(choices=[('prepaid', 'Prepaid'), ('back_paid', 'Back-paid'), ('supplement', 'Supplementary share')], max_length=10, verbose_name='kind')),
                ('covers', office.fields.MonthField(verbose_name='month covered')),
                ('base', office.fields.MoneyField(decimal_places=2, max_digits=14, null=True, verbose_name='monthly base')),
                ('amount', office.fields.MoneyField(decimal_places=2, max_digits=14, null=True, verbose_name='amount')),
                ('withdrawn_because', models.CharField(blank=True, db_default='', max_length=200, verbose_name='withdrawn because')),
                ('credited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='office.run', verbose_name='credited by')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lump_credits', to='insured.person', verbose_name='insured person')),
            ],
            options={
                'verbose_name': 'credit at once',
                'verbose_name_plural': 'credits at once',
                'default_permissions': ('view', 'change'),
                'constraints': [models.CheckConstraint(condition=models.Q(('covers__day', 1)), name='lump_credit_first_of_month'), models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('base__isnull', True), ('kind', 'supplement')), models.Q(models.Q(('kind', 'supplement'), _negated=True), ('amount__isnull', True)), _connector='OR'), name='lump_credit_amount_of_supplements'), models.CheckConstraint(condition=models.Q(('base__isnull', True), ('base__gte', 0), _connector='OR'), name='lump_credit_base_not_negative'), models.CheckConstraint(condition=models.Q(('credited_by__isnull', True), ('withdrawn_because', ''), _connector='OR'), name='lump_credit_credited_or_withdrawn', violation_error_message='This is credited already: it cannot be withdrawn.'), models.UniqueConstraint(condition=models.Q(models.Q(('kind', 'supplement'), _negated=True), ('withdrawn_because', '')), fields=('person', 'scheme', 'covers'), name='lump_credit_of_month_once'), models.UniqueConstraint(condition=models.Q(('kind', 'supplement'), ('withdrawn_because', '')), fields=('person', 'scheme', 'covers'), name='lump_credit_supplement_once')],
            },
        ),
        migrations.RunSQL(AGAIN, "drop function accounts_credited_again"),
        migrations.RunSQL(
            """
            create trigger credited_again before insert on accounts_transfer
            for each row when (new.attempt > 0 and new.kind = 'credit')
            execute function accounts_credited_again()
            """,
            "drop trigger credited_again on accounts_transfer",
        ),
        *protect(
            "accounts_lumpcredit",
            mine="exists (select from insured_person person where person.id = person_id)",
        ),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
        # What is credited stays on record: an import that entered it cannot be taken back any more.
        migrations.RunSQL(
            """
            create trigger refuse_delete before delete on accounts_lumpcredit
            for each row when (old.credited_by_id is not null)
            execute function accounts_refuse_change()
            """,
            "drop trigger refuse_delete on accounts_lumpcredit",
        ),
    ]
