from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0026_proof_of_the_books"),
    ]

    operations = [
        migrations.AlterField(
            model_name='runline',
            name='kind',
            field=models.CharField(choices=[('credit', 'Monthly credit'), ('supplement', 'Supplementary share'), ('adjustment', 'Adjustment'), ('interest', 'Yearly interest'), ('closing_interest', 'Interest at closing'), ('transfer_in', 'Transfer in'), ('inheritance', 'Inheritance'), ('spending', 'Spending'), ('family', 'Family use'), ('premium', 'Premium or contribution'), ('refund', 'Refund'), ('payout', 'Payout'), ('transfer_out', 'Transfer out'), ('prepayment', 'Prepayment'), ('clearing', 'Monthly clearing'), ('deposit', 'Quality deposit'), ('year_end', 'Year-end clearing'), ('recovery', 'To be recovered'), ('recovered', 'Recovered'), ('write_off', 'Written off'), ('payment', 'Payment by bank'), ('reversal', 'Reversal')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='kind',
            field=models.CharField(choices=[('credit', 'Monthly credit'), ('supplement', 'Supplementary share'), ('adjustment', 'Adjustment'), ('interest', 'Yearly interest'), ('closing_interest', 'Interest at closing'), ('transfer_in', 'Transfer in'), ('inheritance', 'Inheritance'), ('spending', 'Spending'), ('family', 'Family use'), ('premium', 'Premium or contribution'), ('refund', 'Refund'), ('payout', 'Payout'), ('transfer_out', 'Transfer out'), ('prepayment', 'Prepayment'), ('clearing', 'Monthly clearing'), ('deposit', 'Quality deposit'), ('year_end', 'Year-end clearing'), ('recovery', 'To be recovered'), ('recovered', 'Recovered'), ('write_off', 'Written off'), ('payment', 'Payment by bank'), ('reversal', 'Reversal')], max_length=16, verbose_name='kind'),
        ),
    ]
