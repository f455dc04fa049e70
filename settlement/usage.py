"""What each facility's selected people used in a month, in yuan: by its statements, or as it was entered."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from office.layouts import AMOUNT, MONTH, Change, Check, Column, Layout, Step, code
from office.models import Run, RunKindName
from office.statements import fetch
from policies.month import Month
from settlement.models import FacilityUsage, Statement, StatementState, YearEndDeduction
from settlement.offsets import BOOKED


def used(
    *, scheme: str, first: Month, last: Month, referrals: bool
) -> dict[tuple[int, Month | None], Decimal]:
    """What was used by facility and month, in yuan: by posted statements, and where there is none as entered.

    `referrals`: whether what the chosen facility referred elsewhere is its own usage. The month is None for a
    figure of the whole year, which counts as long as no statement of the year is posted.
    """
    stated = {
        (facility, Month.of(month)): actual
        for facility, month, actual in fetch(
            "settlement/usage_stated",
            scheme=scheme,
            first=first.first_day,
            last=last.first_day,
            referrals=referrals,
        )
    }
    with_statements = {facility for facility, _month in stated}
    entered = FacilityUsage.objects.filter(scheme=scheme, year=first.year)
    return {
        (facility, month): actual
        for facility, month, actual in entered.values_list("facility", "month", "actual")
        if (month is None and facility not in with_statements)
        or (month is not None and first <= month <= last)
    } | stated


def demand_open_year(record: FacilityUsage | YearEndDeduction) -> None:
    """Raise ValidationError, naming the run, where a booked run has settled the year."""
    booked = Run.objects.filter(scheme=record.scheme, state__in=BOOKED)
    settled = booked.filter(kind=RunKindName.YEAR_END, period=Month(record.year, 1)).first()
    if settled is not None:
        raise ValidationError(_("The year is settled by %(run)s; reverse that first.") % {"run": settled})


def demand_unsettled(usage: FacilityUsage) -> None:
    """Raise ValidationError where usage may not be entered any more.

    It names the run that has settled the year or cleared the month, or the statement that says otherwise.
    """
    demand_uncleared(usage)
    stated = Statement.objects.filter(
        facility=usage.facility_id, scheme=usage.scheme, state=StatementState.POSTED
    )
    of_month = stated.filter(month=usage.month or Month(usage.year, 1)).first()
    if of_month is not None:
        raise ValidationError(
            _("Statement %(statement)s says what the facility used in this month.") % {"statement": of_month}
        )


def demand_uncleared(usage: FacilityUsage) -> None:
    """Raise ValidationError, naming the run, where a booked run has settled the year or cleared the month."""
    demand_open_year(usage)
    booked = Run.objects.filter(scheme=usage.scheme, state__in=BOOKED)
    cleared = booked.filter(clearings__facility=usage.facility_id, clearings__month=usage.month).first()
    if usage.month is not None and cleared is not None:
        raise ValidationError(
            _("%(run)s has cleared the month: enter what came late in the month it is booked in.")
            % {"run": cleared}
        )


USAGE = Layout(
    name="usage",
    label=gettext_noop("Usage of the year"),
    columns=(
        Column(
            "facility_code",
            "机构代码",
            code(30, upper=True),
            required=True,
            about=gettext_noop("facility on record"),
            example="H44160200001",
        ),
        Column("actual", "实际发生", AMOUNT, required=True),
        Column(
            "month",
            "年月",
            MONTH,
            about=gettext_noop("the month in which it was booked; empty for the whole year"),
        ),
    ),
    facts="settlement/usage_facts",
    kept_by=("case when facility_id is not null then coalesce(facility_county_id, 0) end",),
    checks=(
        Check(
            name="unknown_facility",
            column="facility_code",
            when="facility_id is null and facility_code is not null",
            message=gettext_noop("there is no facility with the code “%(cell)s”"),
        ),
        Check(
            name="year_settled",
            column="actual",
            when="settled_by is not null and old_actual is distinct from actual",
            message=gettext_noop("run %(value)s has settled the year: reverse it first"),
            value="settled_by",
        ),
        Check(
            name="month_of_other_year",
            column="month",
            when="date_part('year', month) <> %(year)s::int",
            message=gettext_noop("“%(cell)s” does not lie in the year %(value)s"),
            value="%(year)s",
        ),
        Check(
            name="month_cleared",
            column="actual",
            when="cleared_by is not null and old_actual is distinct from actual",
            message=gettext_noop(
                "run %(value)s has cleared the month: what came late belongs to the month it is booked in"
            ),
            value="cleared_by",
        ),
        Check(
            name="entered_otherwise",
            column="month",
            when="otherwise",
            message=gettext_noop(
                "the facility's usage of a year is entered by months or as one figure, not both"
            ),
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
    steps=(Step(statement="settlement/usage", rows="true"),),
)
