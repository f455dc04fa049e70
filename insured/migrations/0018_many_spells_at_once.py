"""The county of many people at once is not looked up one by one, whatever the server believes.

While a first file is being entered the tables' statistics may say that they are empty: the statement that
keeps people's counties would then join 100 000 rows with themselves, for hours.
"""

from importlib import import_module

from django.db import migrations

before = import_module("insured.migrations.0005_people_belong_to_counties")

MANY = 1000
KEEP = before.KEEP.replace("create function", "create or replace function").replace(
    "begin\n",
    f"""declare
    single text := current_setting('enable_nestloop');
begin
    if (select count(*) from (select from entered limit {MANY}) entry) = {MANY} then
        perform set_config('enable_nestloop', 'off', true);
    end if;
""",
).replace(
    "    return null;",
    "    perform set_config('enable_nestloop', single, true);\n    return null;",
)


KEPT = {
    "name": "insured_keep_county",
    "latest": before.LATEST.format(where="where spell.person_id in (select person_id from entered)"),
}
AS_BEFORE = before.KEEP.replace("create function", "create or replace function")


class Migration(migrations.Migration):
    dependencies = [("insured", "0017_names_keyed_faster")]

    operations = [migrations.RunSQL(KEEP.format(**KEPT), AS_BEFORE.format(**KEPT))]
