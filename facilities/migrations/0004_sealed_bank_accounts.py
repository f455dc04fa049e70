from django.db import migrations, models

from facilities.models import sealed_account


def seal_accounts(apps, schema_editor):
    Facility = apps.get_model("facilities", "Facility")
    with_account = Facility.objects.exclude(bank_account="").only("code", "bank_account")
    for facility in with_account.iterator(chunk_size=2000):
        index, sealed = sealed_account(facility.bank_account, facility.code)
        Facility.objects.filter(pk=facility.pk).update(bank_account_index=index, bank_account_sealed=sealed)


class Migration(migrations.Migration):
    dependencies = [
        ("facilities", "0003_counties_keep_their_facilities"),
        ("office", "0015_protected_cells"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="facility",
            options={
                "ordering": ["code"],
                "permissions": [("show_facility", "Can open bank accounts")],
                "verbose_name": "facility",
                "verbose_name_plural": "facilities",
            },
        ),
        migrations.AddField(
            model_name="facility",
            name="bank_account_index",
            field=models.BinaryField(editable=False, max_length=16, null=True),
        ),
        migrations.AddField(
            model_name="facility",
            name="bank_account_sealed",
            field=models.BinaryField(editable=False, null=True),
        ),
        migrations.RunPython(seal_accounts),
        migrations.RemoveField(model_name="facility", name="bank_account"),
    ]
