"""A dropped column and replaced rows stay in the table's files until it is written anew."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("insured", "0006_sealed_documents_and_phones"),
        ("facilities", "0004_sealed_bank_accounts"),
    ]

    operations = [
        migrations.RunSQL("vacuum full insured_person", migrations.RunSQL.noop),
        migrations.RunSQL("vacuum full facilities_facility", migrations.RunSQL.noop),
    ]
