"""The file of a year's usage: what each facility's selected people used, in yuan."""

from pathlib import Path

from django.utils.translation import gettext_noop

from office.layouts import AMOUNT, Change, Check, Column, Layout, Step, code

SQL = Path(__file__).parent / "sql"

USAGE = Layout(
    name="usage",
    label=gettext_noop("Usage of the year"),
    columns=(
        Column("facility_code", "机构代码", code(30, upper=True), required=True),
        Column("actual", "实际发生", AMOUNT, required=True),
    ),
    facts=SQL / "usage_facts.sql",
    checks=(
        Check(
            name="unknown_facility",
            column="facility_code",
            when="facility_id is null and facility_code is not null",
            message=gettext_noop("there is no facility with the code “%(cell)s”"),
        ),
        Check(
            name="facility_repeated",
            column="facility_code",
            when="repeated is not null",
            message=gettext_noop("rows %(value)s are for the same facility"),
            value="repeated",
        ),
    ),
    changes=(Change(field="actual", old="old_actual", new="actual"),),
    values=lambda parameters: parameters,
    steps=(Step(sql=SQL / "usage.sql", rows="true"),),
)
