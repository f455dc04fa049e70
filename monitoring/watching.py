"""A month watched: its indicators computed, and what the rules find in its visits made alerts.

Set-based, by one statement each, and done again it finds nothing twice; facilities whose visits of a month
were all taken back lose its indicators.
"""

from django.db import connection, transaction

from monitoring.models import Alert, IndicatorValue
from office.statements import execute
from policies.month import Month

ONE_AT_A_TIME = 4212


@transaction.atomic
def watch(month: Month) -> int:
    """How many alerts are new."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    before = Alert.objects.filter(month=month).count()
    IndicatorValue.objects.filter(month=month).delete()
    execute("monitoring/indicators", month=month.first_day)
    execute("monitoring/alerts", month=month.first_day)
    execute("monitoring/indicator_alerts", month=month.first_day)
    return Alert.objects.filter(month=month).count() - before
