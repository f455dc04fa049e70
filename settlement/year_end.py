"""The year end of capitation 年终清算: quota against actual usage, surplus shared (Heyuan 12(2)-(3))."""

from collections import Counter
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

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
from office.kinds import Computed, RunKind, Table
from office.models import Run, RunException, RunKindName, RunState
from office.policy import notice, notices_of, pack_of
from office.refusal import RunRefused
from office.statements import execute
from policies.capitation import annual_quota_of, year_end, year_end_due
from policies.month import Month, months_between
from settlement.freezing import frozen_for, frozen_or_counted, heads_by_month
from settlement.models import FacilityUsage, Prepayment, YearEnd
from settlement.prepay import BOOKED, terms_of

# Where nothing is cleared during the year, every prepayment is still an advance when the year is settled.
UNCLEARED = gettext_noop(
    "No monthly clearing is booked here: the year is settled against the prepayments, and no quality deposit"
    " was held."
)


def compute(run: Run) -> Computed:
    """A line per facility that had heads, was prepaid or reports usage; lines without usage are flagged."""
    first, last = months_of_year(run)
    terms = {month: terms_of(run, month) for month in months_between(first, last)}
    heads = heads_by_month(frozen_for(run), scheme=run.scheme, first=first, last=last)
    prepaid = prepaid_in(scheme=run.scheme, year=run.period.year)
    usage = dict(
        FacilityUsage.objects.filter(scheme=run.scheme, year=run.period.year).values_list(
            "facility", "actual"
        )
    )
    clear_lines(run)
    run.year_ends.all().delete()
    person_months = person_months_of(heads)
    lines = []
    for facility_id in sorted(person_months.keys() | prepaid.keys() | usage.keys()):
        quota = annual_quota_of(
            [(terms[month].quota_rate, by.get(facility_id, 0)) for month, by in heads.items()]
        )
        shared = year_end(quota=quota, actual=usage.get(facility_id, Decimal("0.00")), terms=terms[last])
        paid = prepaid.get(facility_id, Decimal("0.00"))
        lines.append(
            YearEnd(
                run=run,
                facility_id=facility_id,
                person_months=person_months[facility_id],
                quota=quota,
                actual=shared.actual,
                surplus=shared.surplus,
                facility_share=shared.facility_share,
                pool_share=shared.pool_share,
                borne_by_facility=shared.borne_by_facility,
                payable=shared.payable,
                prepaid=paid,
                due=year_end_due(payable=shared.payable, paid_in_advance=paid),
                flag=",".join(shared.flags),
            )
        )
    YearEnd.objects.bulk_create(lines)
    RunException.objects.bulk_create(
        RunException(run=run, code=code, facility_id=line.facility_id, article=terms[last].article)
        for line in lines
        if (code := line.flag if line.facility_id in usage else "usage_missing")
    )
    execute(
        "accounts/open_facility_accounts",
        scheme=run.scheme,
        facilities=[line.facility_id for line in lines],
        kinds=["advance", "payable"],
    )
    pool = account_of(None, scheme=run.scheme, kind=AccountKind.POOL)
    execute(
        "settlement/year_end_lines", run=run.pk, scheme=run.scheme, month=run.period.first_day, pool=pool.pk
    )
    cut_into_chunks(run)
    notices = notices_of(run, section="capitation")
    if terms[last].clearing == "monthly":
        notices.append(notice(article=terms[last].article, text=UNCLEARED))
    return Computed(totals=totals_of(run) | totals_by_level(run), notices=notices)


def person_months_of(heads: dict[Month, dict[int, int]]) -> Counter[int]:
    """By facility, the heads of all months together."""
    return sum((Counter(month) for month in heads.values()), Counter())


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


def prepaid_in(*, scheme: str, year: int) -> dict[int, Decimal]:
    """By facility, what was prepaid for the months of a year, what was taken off included, in yuan.

    Raises RunRefused while a month's prepayment is under way: it would be missing from the year. A draft is
    not: once the year is posted it cannot be.
    """
    months = Run.objects.filter(
        kind=RunKindName.PREPAYMENT, scheme=scheme, period__gte=Month(year, 1), period__lte=Month(year, 12)
    )
    under_way = months.filter(state__in=[RunState.COMPUTED, RunState.REVIEWED, RunState.POSTING]).first()
    if under_way is not None:
        raise RunRefused(_("%(run)s is not posted yet; post or cancel it first.") % {"run": under_way})
    return dict(
        Prepayment.objects.filter(run__in=months.filter(state=RunState.POSTED))
        .values_list("facility")
        .annotate(Sum("entitlement"))
    )


def still_holds(run: Run) -> None:
    """The year's prepayments are those it was computed from."""
    prepaid = prepaid_in(scheme=run.scheme, year=run.period.year)
    lines = {line.facility_id: line.prepaid for line in run.year_ends.filter(prepaid__gt=0)}
    if {facility: amount for facility, amount in prepaid.items() if amount} != lines:
        raise RunRefused(
            _("Prepayments of the year changed since %(run)s was computed: send it back.") % {"run": run}
        )
    first, last = months_of_year(run)
    heads = heads_by_month(frozen_or_counted, scheme=run.scheme, first=first, last=last)
    if person_months_of(heads) != Counter(dict(run.year_ends.values_list("facility", "person_months"))):
        raise RunRefused(
            _("Heads were counted anew since %(run)s was computed: send it back.") % {"run": run}
        )


def may_be_undone(run: Run) -> None:
    """No later prepayment has taken off what this year end left to be taken back."""
    taken = (
        Prepayment.objects.filter(
            run__scheme=run.scheme,
            run__state__in=BOOKED,
            offset__gt=0,
            facility__in=run.year_ends.filter(due__lt=0).values("facility"),
            run__period__gt=run.period + 11,
        )
        .select_related("run")
        .order_by("run__period")
        .first()
    )
    if taken is not None:
        raise RunRefused(
            _("%(run)s has taken off what this year end left: reverse that first.") % {"run": taken.run}
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
            _("Deposit"): "money",
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
                Decimal("0.00"),
                line.due,
            )
            for line in lines
        ),
    )


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
)
