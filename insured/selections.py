"""The file of facility selections 选点: first choices, changes within the year, choices carried over."""

import json

from django.utils import timezone
from django.utils.translation import gettext_noop

from insured.choices import rules_of_rows
from insured.models import SelectionKind
from insured.protections import KNOWN_DOCUMENT
from insured.row_checks import ABOUT_SOMEBODY, suitable_facility
from office.layouts import MONTH, YEAR, Change, Check, Column, FileCheck, Layout, Step, choice, code, text


def choosing(parameters: dict) -> dict:
    """The rules and the day by which the rows of a file are judged."""
    today = timezone.localdate()
    return {"rules": json.dumps(rules_of_rows(today)), "today": today}


KINDS = {
    SelectionKind.FIRST.value: ("首次",),
    SelectionKind.CHANGE.value: ("变更",),
    SelectionKind.CARRIED.value: ("沿用",),
}

# A row that begins later than this month is chosen now, and so judged by this day. What began before was
# chosen before: files of earlier months and years may be brought in at any time.
THIS_YEAR = "date_part('year', %(today)s::date)"

CHECKS = (
    *ABOUT_SOMEBODY,
    Check(
        name="not_insured",
        column="first_month",
        when="people = 1 and first_month is not null and not insured",
        message=gettext_noop("this person is not insured in %(value)s"),
        value="to_char(first_month, 'YYYY-MM')",
    ),
    *suitable_facility(month="first_month"),
    Check(
        name="too_far_ahead",
        column="year",
        when=f"year > {THIS_YEAR} + 1",
        message=gettext_noop("a facility is chosen for this year or for the next (article %(value)s)"),
        value="coalesce(articles->>'window', articles->>'once')",
    ),
    Check(
        name="outside_the_window",
        column="first_month",
        when=f"same_as_before is not true and year = {THIS_YEAR} + 1 and not in_window and not new_member",
        message=gettext_noop(
            "this is not the time of choosing for next year, and the person is no new member"
            " (article %(value)s)"
        ),
        value="articles->>'window'",
    ),
    Check(
        name="change_from_next_month",
        column="first_month",
        when="same_id is null and kind = 'change'"
        " and first_month > date_trunc('month', %(today)s::date) + interval '1 month'",
        message=gettext_noop(
            "“%(cell)s” is too far ahead: a change holds from the next month on (article %(value)s)"
        ),
        value="articles->>'takes_effect'",
    ),
    Check(
        name="change_without_reason",
        column="reason",
        when="same_id is null and kind = 'change' and reason is null",
        message=gettext_noop("a change needs its reason (article %(value)s)"),
        value="articles->>'change'",
    ),
    Check(
        name="month_of_other_year",
        column="first_month",
        when="date_part('year', first_month) <> year",
        message=gettext_noop("“%(cell)s” does not lie in the year %(value)s"),
        value="year",
    ),
    Check(
        name="carried_from_january",
        column="first_month",
        when="kind = 'carried' and date_part('month', first_month) <> 1",
        message=gettext_noop("a choice carried over begins in January"),
    ),
    Check(
        name="choice_repeated",
        column="first_month",
        when="twice is not null",
        message=gettext_noop("rows %(value)s choose for the same person from the same month"),
        value="twice",
    ),
    Check(
        name="first_choice_twice",
        column="kind",
        when="same_id is null and twice is null and kind <> 'change'"
        " and (chosen_before is not null or previous_month is not null)",
        message=gettext_noop(
            "a facility is already chosen for this year: enter a later choice as 变更 (article %(value)s)"
        ),
        value="articles->>'once'",
    ),
    Check(
        name="nothing_to_change",
        column="kind",
        when="same_id is null and person_id is not null and first_month is not null and kind = 'change'"
        " and ended_id is null and previous_month is null",
        message=gettext_noop("there is no earlier choice this year that could be changed"),
    ),
    Check(
        name="chosen_otherwise",
        column="facility_code",
        when="same_id is not null and same_facility_id <> facility_id and not replaces",
        message=gettext_noop("%(value)s is chosen from this month: a change takes effect from a later one"),
        value="same_code",
    ),
    Check(
        name="no_change",
        column="facility_code",
        when="same_id is null and kind = 'change'"
        " and facility_id = coalesce(previous_facility_id, ended_facility_id)",
        message=gettext_noop("“%(cell)s” is the facility chosen already"),
    ),
    Check(
        name="chosen_later",
        column="first_month",
        when="later_choice is not null",
        message=gettext_noop("a selection from %(value)s is already on record"),
        value="to_char(later_choice, 'YYYY-MM')",
    ),
)

SELECTIONS = Layout(
    name="selections",
    label=gettext_noop("Selections"),
    columns=(
        Column("document_number", "证件号码", KNOWN_DOCUMENT, required=True),
        Column("year", "年度", YEAR, required=True),
        Column(
            "facility_code",
            "机构代码",
            code(30, upper=True),
            required=True,
            about=gettext_noop("facility selected"),
            example="H44160200001",
        ),
        Column(
            "first_month",
            "生效年月",
            MONTH,
            required=True,
            about=gettext_noop("from this month the selection holds; it lies in the year of the row"),
        ),
        Column(
            "kind",
            "类型",
            choice(KINDS),
            default=SelectionKind.FIRST.value,
            about=gettext_noop("left empty it is a first selection"),
        ),
        Column("reason", "变更原因", text(200), about=gettext_noop("for a change"), example="居住地变动"),
    ),
    facts="insured/selections_facts",
    checks=CHECKS,
    changes=(
        Change(
            field="facility_code",
            old="coalesce(ended_code, same_code)",
            new="case when ended_id is not null or same_id is not null then facility_code end",
        ),
        Change(
            field="ended",
            old="null",
            new="case when ended_id is not null then (first_month - interval '1 month')::date end",
            label=gettext_noop("Earlier selection ends"),
        ),
    ),
    county="county_code",
    kept_by=("person_county_id",),
    values=choosing,
    file_checks=(
        FileCheck(
            when="count(*) > 0 and %(rules)s::jsonb = '[]'",
            message=gettext_noop("By the rules here no facility is chosen."),
        ),
    ),
    steps=(
        Step(statement="insured/selections_ended", rows="ended_id is not null"),
        Step(statement="insured/selections_instead", rows="replaces"),
        Step(statement="insured/selections_new", rows="same_id is null"),
    ),
)
