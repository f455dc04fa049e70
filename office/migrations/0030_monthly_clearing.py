from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("office", "0028_bases_are_compared"),
    ]

    operations = [
        migrations.AlterField(
            model_name='approvalchain',
            name='kind',
            field=models.CharField(choices=[('credit', 'Personal account credits'), ('lump_credit', 'Prepaid, back-paid and supplementary credits'), ('adjustment', 'Adjustment of credits after late news'), ('interest', 'Yearly interest of personal accounts'), ('prepayment', 'Capitation prepayment'), ('clearing', 'Monthly clearing'), ('year_end', 'Year-end clearing'), ('carry_over', 'Carry-over of selections'), ('reversal', 'Reversal')], max_length=20, unique=True, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='run',
            name='kind',
            field=models.CharField(choices=[('credit', 'Personal account credits'), ('lump_credit', 'Prepaid, back-paid and supplementary credits'), ('adjustment', 'Adjustment of credits after late news'), ('interest', 'Yearly interest of personal accounts'), ('prepayment', 'Capitation prepayment'), ('clearing', 'Monthly clearing'), ('year_end', 'Year-end clearing'), ('carry_over', 'Carry-over of selections'), ('reversal', 'Reversal')], max_length=20, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='threshold',
            name='kind',
            field=models.CharField(choices=[('credit', 'Personal account credits'), ('lump_credit', 'Prepaid, back-paid and supplementary credits'), ('adjustment', 'Adjustment of credits after late news'), ('interest', 'Yearly interest of personal accounts'), ('prepayment', 'Capitation prepayment'), ('clearing', 'Monthly clearing'), ('year_end', 'Year-end clearing'), ('carry_over', 'Carry-over of selections'), ('reversal', 'Reversal')], max_length=20, verbose_name='kind'),
        ),
    ]
