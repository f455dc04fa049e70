"""The year end of capitation 年终清算: quota against actual usage (Heyuan 12(2)-(3), Shaoguan 9(2)3-5).

    due = payable for the year - cleared - prepaid and not cleared - carried forward + deposit released
        - deducted

Where nothing is cleared by month everything prepaid is "not cleared". What is carried forward comes off the
next prepayment; it comes off here where none will follow.
"""

from collections.abc import Callable
from decimal import Decimal

from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import AccountKind
from accounts.posting import (
    clear_lines,
    cut_into_chunks,
    post_chunk,
    totals_by_level,
    totals_of,
)
from accounts.reversal import REVERSAL
from accounts.vouchers import account_of
from facilities.models import Assessment
from office.kinds import Computed, RunKind, Table
from office.models import Run, RunException, RunKindName, RunState, Staff
from office.policy import notices_of, pack_of
from office.refusal import RunRefused
from office.statements import execute
from policies.capitation import CapitationTerms, annual_quota_of, deposit_release, year_end, year_end_due
from policies.month import Month, months_between
from policies.values import MissingParameter
from settlement.freezing import frozen_for, frozen_or_counted, heads_by_month
from settlement.models import (
    Clearing,
    DepositRelease,
    Prepayment,
    YearEnd,
    YearEndDeduction,
    YearEndMonth,
)
from settlement.offsets import demand_untaken, overpaid
from settlement.prepay import terms_of
from settlement.usage import used

NOTHING = Decimal("0.00")


def compute(run: Run) -> Computed:
    """A line per facility that had heads, was prepaid or reports usage; lines without usage are flagged."""
    year = Year(run, heads=frozen_for(run))
    clear_lines(run)
    run.year_ends.all().delete()
    found = lines_of(year)
    lines = [line for line, _months in found]
    YearEnd.objects.bulk_create(lines)
    YearEndMonth.objects.bulk_create(month for _line, months in found for month in months)
    RunException.objects.bulk_create(exceptions_of(year, found))
    execute(
        "accounts/open_facility_accounts",
        scheme=run.scheme,
        facilities=[line.facility_id for line in lines],
        kinds=["advance", "payable", "deposit"],
    )
    pool = account_of(None, scheme=run.scheme, kind=AccountKind.POOL)
    execute(
        "settlement/year_end_lines", run=run.pk, scheme=run.scheme, month=run.period.first_day, pool=pool.pk
    )
    cut_into_chunks(run)
    return Computed(
        totals=totals_of(run) | totals_by_level(run), notices=notices_of(run, section="capitation")
    )


class Year:
    """All a year end is computed from, by facility."""

    def __init__(self, run: Run, *, heads: Callable[..., dict[int, int]]):
        self.run = run
        first, last = months_of_year(run)
        self.terms: dict[Month, CapitationTerms] = {
            month: terms_of(run, month) for month in months_between(first, last)
        }
        self.last_terms = self.terms[last]
        self.heads = heads_by_month(heads, scheme=run.scheme, first=first, last=last)
        self.prepaid = {(line.facility_id, line.run.period): line for line in prepaid_in(run)}
        booked = Clearing.objects.filter(run__state=RunState.POSTED, prepayment__in=self.prepaid.values())
        self.cleared = {(line.facility_id, line.month): line for line in booked}
        self.used = used(
            scheme=run.scheme, first=first, last=last, referrals=self.last_terms.referrals_in_quota
        )
        scored = Assessment.objects.scored().filter(year=run.period.year, signed_at__isnull=False)
        self.scores = dict(scored.values_list("facility", "total"))
        self.carries = self._carries(last)
        taken_off = YearEndDeduction.objects.filter(scheme=run.scheme, year=run.period.year)
        self.deducted = dict(taken_off.values_list("facility").annotate(Sum("amount")).order_by())

    def facilities(self) -> list[int]:
        with_heads = {facility for month in self.heads.values() for facility in month}
        return sorted(
            with_heads
            | {facility for facility, _month in self.prepaid.keys() | self.used.keys()}
            | self.deducted.keys()
        )

    def _carries(self, last: Month) -> dict[int, Decimal]:
        """What clearings left of facilities that the next January will not prepay (Shaoguan 9(2)3-4)."""
        if self.last_terms.clearing != "monthly":
            return {}
        following = {}
        if pack_of(self.run.policy).in_force((last + 1).first_day):
            following = frozen_or_counted(scheme=self.run.scheme, month=last + 1)
        left = overpaid(scheme=self.run.scheme)
        return {facility: carry for facility, carry in left.items() if facility not in following}


def lines_of(year: Year) -> list[tuple[YearEnd, list[YearEndMonth]]]:
    """A line of each facility with its months; nothing is saved."""
    return [_line(year, facility) for facility in year.facilities()]


def _line(year: Year, facility: int) -> tuple[YearEnd, list[YearEndMonth]]:
    months = [
        YearEndMonth(
            month=month,
            heads=year.heads[month].get(facility, 0),
            rate=terms.quota_rate,
            actual=year.used.get((facility, month)),
            prepayment=year.prepaid.get((facility, month)),
            clearing=year.cleared.get((facility, month)),
        )
        for month, terms in year.terms.items()
    ]
    quota = annual_quota_of([(month.rate, month.heads) for month in months])
    actual = sum((year.used.get((facility, month), NOTHING) for month in (None, *year.terms)), NOTHING)
    shared = year_end(quota=quota, actual=actual, terms=year.last_terms)
    clearings = [month.clearing for month in months if month.clearing]
    cleared = sum((clearing.cleared for clearing in clearings), NOTHING)
    deposit = sum((clearing.deposit for clearing in clearings), NOTHING)
    prepaid = sum((month.prepayment.entitlement for month in months if month.prepayment), NOTHING)
    advance = prepaid - sum((clearing.entitlement for clearing in clearings), NOTHING)
    carry = year.carries.get(facility, NOTHING)
    deducted = year.deducted.get(facility, NOTHING)
    score = year.scores.get(facility)
    released = released_of(deposit, score=score, terms=year.last_terms)
    line = YearEnd(
        run=year.run,
        facility_id=facility,
        person_months=sum(month.heads for month in months),
        quota=quota,
        actual=shared.actual,
        surplus=shared.surplus,
        facility_share=shared.facility_share,
        pool_share=shared.pool_share,
        borne_by_facility=shared.borne_by_facility,
        payable=shared.payable,
        prepaid=prepaid,
        cleared=cleared,
        advance=advance,
        carry=carry,
        deposit=deposit,
        score=score,
        released=released,
        deducted=deducted,
        due=year_end_due(
            payable=shared.payable,
            paid_in_advance=cleared + advance + carry,
            released=released or NOTHING,
            deductions=deducted,
        ),
        flag=",".join(shared.flags),
    )
    for month in months:
        month.year_end = line
    return line, months


def released_of(deposit: Decimal, *, score: Decimal | None, terms: CapitationTerms) -> Decimal | None:
    """What is given back of a year's deposits; None while the scale or the facility's score is missing."""
    if not deposit:
        return NOTHING
    if score is None:
        return None
    try:
        return deposit_release(deposits=deposit, score=score, terms=terms)
    except MissingParameter:
        return None


def exceptions_of(year: Year, found: list[tuple[YearEnd, list[YearEndMonth]]]) -> list[RunException]:
    """What has to be looked at: usage that is missing or odd, months not cleared, deposits held."""
    terms, reported = year.last_terms, {facility for facility, _month in year.used}
    exceptions = []

    def note(line: YearEnd, code: str, *, detail: str = "", article: str = terms.article):
        exceptions.append(
            RunException(
                run=year.run, code=code, facility_id=line.facility_id, detail=detail, article=article
            )
        )

    for line, months in found:
        if code := line.flag if line.facility_id in reported else "usage_missing":
            note(line, code)
        if terms.clearing == "monthly":
            for month in months:
                if month.prepayment and not month.clearing:
                    note(line, "month_not_cleared", detail=str(month.month))
        if line.released is None:
            article = terms.deposit_article or terms.article
            if terms.deposit_return_scale is None:
                note(line, "parameter_missing", detail="deposit_return_scale", article=article)
            else:
                note(line, "not_assessed", article=article)
    return exceptions


def months_of_year(run: Run) -> tuple[Month, Month]:
    """The run's year, cut to the months in which its rules are in force."""
    pack = pack_of(run.policy)
    first, last = run.period, run.period + 11
    starts = Month.of(pack.starts) if pack.starts.day == 1 else Month.of(pack.starts) + 1
    if pack.starts > first.first_day:
        first = starts
    if pack.ends is not None and pack.ends < last.last_day:
        last = Month.of(pack.ends)
    if first > last:
        raise RunRefused(_("No rules are in force for %(period)s.") % {"period": run.period.year})
    return first, last


def prepaid_in(run: Run) -> list[Prepayment]:
    """What was prepaid for the months of a year.

    Raises RunRefused while a month's prepayment or clearing is under way: it would be missing from the year.
    A draft is not: once the year is posted it cannot be.
    """
    months = Run.objects.filter(
        scheme=run.scheme, period__gte=Month(run.period.year, 1), period__lte=Month(run.period.year, 12)
    )
    under_way = months.filter(
        kind__in=[RunKindName.PREPAYMENT, RunKindName.CLEARING],
        state__in=[RunState.COMPUTED, RunState.REVIEWED, RunState.POSTING],
    ).first()
    if under_way is not None:
        raise RunRefused(_("%(run)s is not posted yet; post or cancel it first.") % {"run": under_way})
    posted = months.filter(kind=RunKindName.PREPAYMENT, state=RunState.POSTED)
    return list(Prepayment.objects.filter(run__in=posted).select_related("run"))


def still_holds(run: Run) -> None:
    """What the year was computed from gives the same lines today."""
    now = [line for line, _months in lines_of(Year(run, heads=frozen_or_counted))]
    if [_figures(line) for line in now] != [_figures(line) for line in run.year_ends.order_by("facility")]:
        raise RunRefused(_("What %(run)s was computed from has changed: send it back.") % {"run": run})


def may_be_undone(run: Run) -> None:
    """Nothing later took off what it left, and no deposit it held was released since."""
    demand_untaken(run)
    late = DepositRelease.objects.filter(year_end__run=run, undone_by=None).first()
    if late is not None:
        raise RunRefused(
            _("A deposit of %(facility)s was released later: take that back first.")
            % {"facility": late.year_end.facility}
        )


def _figures(line: YearEnd) -> tuple:
    return (
        line.facility_id,
        line.person_months,
        line.quota,
        line.actual,
        line.payable,
        line.prepaid,
        line.cleared,
        line.deposit,
        line.released,
        line.deducted,
        line.due,
    )


def year_end_table(run: Run) -> Table:
    """The year-end table 年终清算表."""
    lines = run.year_ends.select_related("facility").order_by("facility__code")
    return Table(
        title=_("Year-end table %(year)s") % {"year": run.period.year},
        columns={
            _("Facility code"): "text",
            _("Facility name"): "text",
            _("Person-months"): "integer",
            _("Quota"): "money",
            _("Actual usage"): "money",
            _("Usage rate"): "percent",
            _("Surplus"): "money",
            _("Facility's share"): "money",
            _("Kept by the pool"): "money",
            _("Borne by the facility"): "money",
            _("Payable"): "money",
            _("Prepaid"): "money",
            _("Cleared"): "money",
            _("Carried forward"): "money",
            _("Deposit"): "money",
            _("Deposit released"): "money",
            _("Deducted"): "money",
            _("Due"): "money",
        },
        rows=(
            (
                line.facility.code,
                line.facility.name,
                line.person_months,
                line.quota,
                line.actual,
                line.actual / line.quota if line.quota else None,
                line.surplus,
                line.facility_share,
                line.pool_share,
                line.borne_by_facility,
                line.payable,
                line.prepaid,
                line.cleared,
                line.carry,
                line.deposit,
                line.released,
                line.deducted,
                line.due,
            )
            for line in lines
        ),
    )


def pages(run: Run, staff: Staff) -> list[tuple[str, str]]:
    """The year by facility, the worksheets of all, and the year under other parameters."""
    if not staff.has_perm("settlement.view_yearend"):
        return []
    lines = reverse("admin:settlement_yearend_changelist", query={"run__id": run.pk})
    found = [
        (_("By facility"), lines),
        (_("What if"), reverse("admin:settlement_yearend_what_if", args=[run.pk])),
    ]
    if staff.has_perm("office.export_run"):
        found.append((_("Worksheets"), reverse("admin:settlement_yearend_worksheets", args=[run.pk])))
    return found


YEAR_END = RunKind(
    name=RunKindName.YEAR_END,
    applies=lambda pack: pack.capitation is not None,
    latest=lambda month: Month(month.year - 1, 1),
    still_holds=still_holds,
    may_be_undone=may_be_undone,
    compute=compute,
    post_chunk=post_chunk,
    mirror=REVERSAL,
    export=year_end_table,
    pages=pages,
)
