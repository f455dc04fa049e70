"""How people look at their lists: kept for each, and seen by nobody else."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


MINE = "staff_id = acting_staff()"
PROTECTED = [
    "alter table office_savedfilter enable row level security",
    "alter table office_savedfilter force row level security",
    "create policy owner on office_savedfilter to current_user using (true) with check (true)",
    f"create policy ones_own on office_savedfilter using ({MINE}) with check ({MINE})",
]


class Migration(migrations.Migration):

    dependencies = [
        ('office', '0044_printed_documents'),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedFilter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(max_length=80, verbose_name='page')),
                ('name', models.CharField(blank=True, max_length=20, verbose_name='name')),
                ('query', models.CharField(max_length=500, verbose_name='filters')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'saved filter',
                'verbose_name_plural': 'saved filters',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('staff', 'page', 'name'), name='saved_filter_name_once'), models.CheckConstraint(condition=models.Q(('query', ''), _negated=True), name='saved_filter_of_something')],
            },
        ),
        *(migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in PROTECTED),
    ]
