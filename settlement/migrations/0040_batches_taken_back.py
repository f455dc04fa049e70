import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("settlement", "0034_orders_of_payees")]

    operations = [
        migrations.AddField(
            model_name="visitbatch",
            name="takes_back",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="taken_back_by",
                to="settlement.visitbatch",
                verbose_name="takes back",
            ),
        ),
    ]
