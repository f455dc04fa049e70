from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("office", "0030_monthly_clearing")]

    operations = [
        migrations.CreateModel(
            name="DueDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(choices=[
                    ("headcount", "Headcount freeze"),
                    ("prepayment", "Capitation prepayment"),
                    ("visits", "Visit files of the facilities"),
                    ("reconciliation", "Reconciliation"),
                    ("statements", "Statements"),
                    ("adjustment", "Adjustment of credits after late news"),
                    ("clearing", "Monthly clearing"),
                    ("orders", "Payment orders"),
                    ("close", "Month close"),
                    ("bank", "Bank files and returns"),
                    ("credit", "Personal account credits"),
                    ("year_end", "Year-end clearing"),
                    ("interest", "Yearly interest of personal accounts"),
                    ("carry_over", "Carry-over of selections"),
                ], max_length=20, unique=True, verbose_name="step")),
                ("day", models.PositiveSmallIntegerField(
                    validators=[MinValueValidator(1), MaxValueValidator(31)], verbose_name="due by day",
                )),
            ],
            options={
                "verbose_name": "due day",
                "verbose_name_plural": "due days",
                "ordering": ["day", "id"],
                "default_permissions": ("change", "view"),
            },
        ),
        migrations.AddConstraint(
            model_name="dueday",
            constraint=models.CheckConstraint(
                condition=models.Q(day__range=(1, 31)), name="due_day_of_a_month"
            ),
        ),
    ]
