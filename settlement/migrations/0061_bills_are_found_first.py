"""A bill is looked for by its number alone, among millions: its indexes begin with it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('facilities', '0007_assessments'),
        ('insured', '0018_many_spells_at_once'),
        ('settlement', '0060_delegates_sign_claims'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='visit',
            name='visit_bill_once',
        ),
        migrations.RemoveIndex(
            model_name='visit',
            name='visit_taken_back_bill',
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(condition=models.Q(('reversed_by__isnull', False)), fields=['bill', 'facility'], name='visit_taken_back_bill'),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.UniqueConstraint(condition=models.Q(('reversed_by__isnull', True)), fields=('bill', 'facility'), name='visit_bill_once', violation_error_message="The facility's bill is entered already."),
        ),
    ]
