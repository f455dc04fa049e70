from django.db import migrations, models

from insured.documents import sealed_document, sealed_phone

BATCH = 10_000
NEXT = """
select id, document_number, phone from insured_person where id > %s order by id limit %s
"""
STAGE = "copy sealed_person (id, index, sealed, tail, phone_index, phone_sealed) from stdin"
KEEP = """
update insured_person person
set document_index = index, document_sealed = sealed, document_tail_index = tail,
    phone_index = staged.phone_index, phone_sealed = staged.phone_sealed
from sealed_person staged
where person.id = staged.id
"""


def seal_people(apps, schema_editor):
    """By ten thousand, so that memory stays flat however many there are."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "create temporary table sealed_person (id bigint, index bytea, sealed bytea, tail bytea,"
            " phone_index bytea, phone_sealed bytea) on commit drop"
        )
        last = 0
        while True:
            cursor.execute(NEXT, [last, BATCH])
            people = cursor.fetchall()
            if not people:
                return
            cursor.execute("truncate sealed_person")
            with cursor.copy(STAGE) as copy:
                for number, document, phone in people:
                    kept = sealed_document(document)
                    copy.write_row((number, *kept, *sealed_phone(phone, document=kept[0])))
            cursor.execute(KEEP)
            last = people[-1][0]


class Migration(migrations.Migration):
    dependencies = [
        ("insured", "0005_people_belong_to_counties"),
        ("office", "0015_protected_cells"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="person",
            options={
                "permissions": [("show_person", "Can open identity numbers and phones")],
                "verbose_name": "insured person",
                "verbose_name_plural": "insured people",
            },
        ),
        # What the database cannot read it cannot check: `Person.identify` and the import do.
        migrations.RunSQL(
            "alter table insured_person drop constraint person_identity_card_is_valid",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL("drop function identity_card_is_valid(text)", migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="person", name="person_document_once"),
        migrations.AddField("person", "document_index", models.BinaryField(max_length=16, null=True)),
        migrations.AddField("person", "document_sealed", models.BinaryField(null=True)),
        migrations.AddField("person", "document_tail_index", models.BinaryField(max_length=16, null=True)),
        migrations.AddField("person", "phone_index", models.BinaryField(max_length=16, null=True)),
        migrations.AddField("person", "phone_sealed", models.BinaryField(null=True)),
        migrations.RunPython(seal_people),
        migrations.AlterField("person", "document_index", models.BinaryField(max_length=16)),
        migrations.AlterField("person", "document_sealed", models.BinaryField()),
        migrations.AlterField("person", "document_tail_index", models.BinaryField(max_length=16)),
        migrations.RemoveField("person", "document_number"),
        migrations.RemoveField("person", "phone"),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.UniqueConstraint(
                fields=["document_index", "document_type"],
                name="person_document_once",
                violation_error_message="Somebody with this document is entered already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(phone_index__isnull=True, phone_sealed__isnull=True)
                | models.Q(phone_index__isnull=False, phone_sealed__isnull=False),
                name="person_phone_has_its_index",
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(fields=["document_tail_index"], name="person_document_tail"),
        ),
    ]
