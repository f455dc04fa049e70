"""The file of assessment points 考核得分: what a facility got for an item of a year."""

from django.utils.translation import gettext_noop

from office.layouts import AMOUNT, YEAR, Change, Check, Column, FileCheck, Kind, Layout, Step, code

NUMBER = Kind(
    cleaning="token",
    form=gettext_noop("whole number"),
    example="1",
    value="{cell}::int",
    faults=(("not_a_number", "{cell} !~ '^[1-9][0-9]{{0,2}}$'"),),
)

ASSESSMENTS = Layout(
    name="assessments",
    label=gettext_noop("Assessment points"),
    columns=(
        Column("facility_code", "机构代码", code(30, upper=True), required=True),
        Column("year", "年度", YEAR, required=True),
        Column("item_number", "项目编号", NUMBER, required=True),
        Column("score", "得分", AMOUNT, required=True),
    ),
    facts="facilities/assessments_facts",
    file_checks=(
        FileCheck(
            when="count(*) filter (where entered_by_id is null) > 0",
            message=gettext_noop("Points are entered by somebody: upload the file signed in."),
        ),
    ),
    checks=(
        Check(
            name="unknown_facility",
            column="facility_code",
            when="facility_id is null and facility_code is not null",
            message=gettext_noop("there is no facility with the code “%(cell)s”"),
        ),
        Check(
            name="points_repeated",
            column="item_number",
            when="repeated is not null",
            message=gettext_noop("rows %(value)s are for the same facility and item"),
            value="repeated",
        ),
        Check(
            name="unknown_item",
            column="item_number",
            when="item_id is null and item_number is not null and year is not null",
            message=gettext_noop("the year has no item with the number “%(cell)s”"),
        ),
        Check(
            name="too_many_points",
            column="score",
            when="score > most",
            message=gettext_noop("“%(cell)s” is more than the item gives: at most %(value)s"),
            value="most",
        ),
        Check(
            name="assessment_signed",
            column="score",
            when="signed_at is not null and old_score is distinct from score",
            message=gettext_noop("the assessment of this year is signed off and stays as it is"),
        ),
    ),
    changes=(Change(field="score", old="old_score", new="score"),),
    county="county_code",
    kept_by=("case when facility_id is not null then coalesce(facility_county_id, 0) end",),
    steps=(
        Step(statement="facilities/assessments_new"),
        Step(statement="facilities/assessments_points", rows="true"),
    ),
)
