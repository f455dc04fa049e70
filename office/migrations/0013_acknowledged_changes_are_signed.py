"""What was acknowledged of a run is part of what its signatures are bound to."""

from django.db import migrations

ACKNOWLEDGED = """
create or replace function office_acknowledged(run_id bigint) returns text language sql stable as $$
    select coalesce(string_agg(excess::text, e'\\n' order by excess.id), '')
    from office_excess excess
    where excess.run_id = $1
$$
"""


class Migration(migrations.Migration):
    dependencies = [("office", "0012_demand_approvals")]

    operations = [migrations.RunSQL(ACKNOWLEDGED, migrations.RunSQL.noop)]
