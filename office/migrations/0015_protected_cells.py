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


class Migration(migrations.Migration):
    dependencies = [("office", "0014_uploads_are_forgotten")]

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
        migrations.RunPython(seal_stored_files, migrations.RunPython.noop),
    ]
