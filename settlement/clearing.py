"""The monthly clearing of what was prepaid 月清算, with quality deposit and carry (Shaoguan 9(2)3)."""

from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import AccountKind
from accounts.posting import clear_lines, cut_into_chunks, post_chunk, totals_by_level, totals_of
from accounts.reversal import REVERSAL
from accounts.vouchers import account_of
from office.kinds import Computed, RunKind, Table
from office.models import Run, RunException, RunKindName, RunState
from office.policy import notices_of
from office.refusal import RunRefused
from office.statements import execute
from policies.capitation import monthly_clearing
from policies.month import Month
from settlement.models import Clearing, Prepayment
from settlement.offsets import BOOKED, demand_untaken
from settlement.prepay import demand_open_year, terms_of
from settlement.usage import used


def compute(run: Run) -> Computed:
    """A line for every prepaid month of the year, up to the run's, that is not cleared and has its usage.

    A month whose usage comes late is so cleared with a later one.
    """
    demand_open_year(run)
    clear_lines(run)
    run.clearings.all().delete()
    usage = usage_until(run)
    waiting = list(uncleared(run))
    lines = lines_of(run, waiting=waiting, usage=usage)
    Clearing.objects.bulk_create(lines)
    article = terms_of(run, run.period).article
    late = [each for each in waiting if (each.facility_id, each.run.period) not in usage]
    paid = set(
        Prepayment.objects.filter(
            run__scheme=run.scheme, run__state=RunState.POSTED, run__period=run.period
        ).values_list("facility", flat=True)
    )
    unpaid = {facility for facility, month in usage if month == run.period} - paid
    RunException.objects.bulk_create(
        [
            RunException(
                run=run,
                code="month_without_usage",
                facility_id=each.facility_id,
                detail=str(each.run.period),
                article=article,
            )
            for each in late
        ]
        + [
            RunException(run=run, code="usage_not_prepaid", facility_id=facility, article=article)
            for facility in sorted(unpaid)
        ]
    )
    execute(
        "accounts/open_facility_accounts",
        scheme=run.scheme,
        facilities=sorted({line.facility_id for line in lines}),
        kinds=["advance", "deposit"],
    )
    pool = account_of(None, scheme=run.scheme, kind=AccountKind.POOL)
    execute("settlement/clearing_lines", run=run.pk, scheme=run.scheme, pool=pool.pk)
    cut_into_chunks(run)
    return Computed(
        totals=totals_of(run) | totals_by_level(run), notices=notices_of(run, section="capitation")
    )


def usage_until(run: Run) -> dict[tuple[int, Month | None], Decimal]:
    """By facility and month of the run's year up to its own, what was used, in yuan."""
    return used(
        scheme=run.scheme,
        first=Month(run.period.year, 1),
        last=run.period,
        referrals=terms_of(run, run.period).referrals_in_quota,
    )


def uncleared(run: Run):
    """The prepaid months of the year up to the run's that no booked clearing has cleared.

    Raises RunRefused while the run's own month is not prepaid.
    """
    prepaid = Run.objects.filter(
        kind=RunKindName.PREPAYMENT,
        scheme=run.scheme,
        state=RunState.POSTED,
        period__gte=Month(run.period.year, 1),
        period__lte=run.period,
    )
    if not prepaid.filter(period=run.period).exists():
        raise RunRefused(
            _("The prepayment of %(period)s is not posted: post it first.") % {"period": run.period}
        )
    cleared = Clearing.objects.filter(run__state__in=BOOKED).exclude(run=run)
    return (
        Prepayment.objects.filter(run__in=prepaid)
        .exclude(pk__in=cleared.values("prepayment"))
        .select_related("run")
        .order_by("facility__code", "run__period")
    )


def lines_of(
    run: Run, *, waiting: list[Prepayment], usage: dict[tuple[int, Month], Decimal]
) -> list[Clearing]:
    """What the run clears, as lines that are not saved.

    Where refunds exceed a month's visits nothing is cleared; the year end counts them.
    """
    return [
        _line(run, prepaid, actual=max(usage[prepaid.facility_id, prepaid.run.period], Decimal("0.00")))
        for prepaid in waiting
        if (prepaid.facility_id, prepaid.run.period) in usage
    ]


def _line(run: Run, prepaid: Prepayment, *, actual: Decimal) -> Clearing:
    rate = terms_of(run, prepaid.run.period).deposit_rate
    found = monthly_clearing(actual=actual, entitlement=prepaid.entitlement, deposit_rate=rate)
    return Clearing(
        run=run,
        prepayment=prepaid,
        facility_id=prepaid.facility_id,
        month=prepaid.run.period,
        entitlement=prepaid.entitlement,
        actual=actual,
        cleared=found.cleared,
        deposit_rate=rate,
        deposit=found.deposit,
        payable=found.payable,
        carry=found.carry,
    )


def still_holds(run: Run) -> None:
    """Since it was computed neither usage nor prepayments changed, and nothing settled the year."""
    demand_open_year(run)
    now = lines_of(run, waiting=list(uncleared(run)), usage=usage_until(run))
    if {(line.prepayment_id, line.actual) for line in now} != set(
        run.clearings.values_list("prepayment", "actual")
    ):
        raise RunRefused(
            _("Usage or prepayments changed since %(run)s was computed: send it back.") % {"run": run}
        )


def may_be_undone(run: Run) -> None:
    """The year is open, and no later prepayment has taken off what this clearing carried forward."""
    demand_open_year(run)
    demand_untaken(run)


def clearing_table(run: Run) -> Table:
    """The clearing table 月清算表."""
    lines = run.clearings.select_related("facility").order_by("facility__code", "month")
    return Table(
        title=_("Clearing table %(period)s") % {"period": run.period},
        columns={
            _("Facility code"): "text",
            _("Facility name"): "text",
            _("Month"): "text",
            _("Entitled in advance"): "money",
            _("Actual usage"): "money",
            _("Cleared"): "money",
            _("Deposit rate (%)"): "money",
            _("Deposit"): "money",
            _("Payable after the deposit"): "money",
            _("Carried forward"): "money",
        },
        rows=(
            (
                line.facility.code,
                line.facility.name,
                str(line.month),
                line.entitlement,
                line.actual,
                line.cleared,
                line.deposit_rate,
                line.deposit,
                line.payable,
                line.carry,
            )
            for line in lines
        ),
    )


CLEARING = RunKind(
    name=RunKindName.CLEARING,
    applies=lambda pack: pack.capitation is not None and pack.capitation.clearing == "monthly",
    latest=lambda month: month - 1,
    still_holds=still_holds,
    may_be_undone=may_be_undone,
    compute=compute,
    post_chunk=post_chunk,
    mirror=REVERSAL,
    export=clearing_table,
)
