"""The file of facility selections 选点: first choices, changes within the year, choices carried over."""

from django.utils.translation import gettext_noop

from insured.models import SelectionKind, Slot
from insured.protections import KNOWN_DOCUMENT
from office.layouts import MONTH, Change, Check, Column, Kind, Layout, Step, choice, code, text
from office.policy import newest_version, pack_of, schemes_here


def station_slot() -> str:
    """Which choice a village station is: one of its own where the rules give two, else the only one."""
    specs = [pack_of(newest_version(scheme=scheme)).capitation for scheme in schemes_here()]
    return (
        Slot.STATION.value if any(spec and "station" in spec.slots for spec in specs) else Slot.PRIMARY.value
    )


KINDS = {
    SelectionKind.FIRST.value: ("首次",),
    SelectionKind.CHANGE.value: ("变更",),
    SelectionKind.CARRIED.value: ("沿用",),
}

YEAR = Kind(
    cleaning="token",
    form=gettext_noop("year in four digits"),
    example="2025",
    value="{cell}::int",
    faults=(("not_a_year", "{cell} !~ '^20[0-9]{{2}}$'"),),
)

CHECKS = (
    Check(
        name="unknown_person",
        column="document_number",
        when="document_index is not null and people = 0",
        message=gettext_noop("nobody with the document “%(cell)s” is on record"),
    ),
    Check(
        name="several_people",
        column="document_number",
        when="people > 1",
        message=gettext_noop("several people have the document number “%(cell)s”"),
    ),
    Check(
        name="not_insured",
        column="first_month",
        when="people = 1 and first_month is not null and not insured",
        message=gettext_noop("this person is not insured in %(value)s"),
        value="to_char(first_month, 'YYYY-MM')",
    ),
    Check(
        name="unknown_facility",
        column="facility_code",
        when="facility_id is null and facility_code is not null",
        message=gettext_noop("there is no facility with the code “%(cell)s”"),
    ),
    Check(
        name="no_agreement",
        column="facility_code",
        when="facility_id is not null and first_month is not null and not has_agreement",
        message=gettext_noop("the facility has no outpatient agreement in %(value)s"),
        value="to_char(first_month, 'YYYY-MM')",
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
        message=gettext_noop("a facility is already chosen for this year: enter a later choice as 变更"),
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
        when="same_id is not null and same_facility_id <> facility_id",
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
            old="ended_code",
            new="case when ended_id is not null then facility_code end",
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
    values=lambda parameters: {"station_slot": station_slot()},
    steps=(
        Step(statement="insured/selections_ended", rows="ended_id is not null"),
        Step(statement="insured/selections_new", rows="same_id is null"),
    ),
)
