"""The monthly prepayment of capitation quotas 月预拨 (Heyuan 12(1), Shaoguan 9(2)2)."""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.posting import clear_lines, cut_into_chunks, post_chunk, totals_by_level, totals_of
from accounts.reversal import REVERSAL
from facilities.placements import levels_in
from office.kinds import Computed, RunKind, Table
from office.models import Run, RunKindName
from office.policy import notices_of, pack_of
from office.refusal import RunRefused
from office.statements import execute
from policies.capitation import CapitationTerms, capitation_terms, disburse, prepayment
from policies.month import Month
from policies.values import NotInForce
from settlement.freezing import frozen_for, frozen_or_counted
from settlement.heads import heads_after
from settlement.models import Clearing, Prepayment
from settlement.offsets import BOOKED, overpaid


def compute(run: Run) -> Computed:
    """A line per facility with heads in the month; what was overpaid before comes off first."""
    terms = terms_of(run, run.period)
    demand_open_year(run)
    frozen = frozen_for(run)
    heads = heads_to_prepay(run, terms, heads=frozen)
    if _follows(run):
        frozen(scheme=run.scheme, month=run.period - 1)  # it is over now: from here on it stays as it is
    clear_lines(run)
    run.prepayments.all().delete()
    brought_forward = overpaid(scheme=run.scheme)
    lines = [
        _line(
            run,
            facility_id=facility_id,
            heads=count,
            terms=terms,
            carry=brought_forward.get(facility_id, Decimal(0)),
        )
        for facility_id, count in heads.items()
    ]
    Prepayment.objects.bulk_create(lines)
    execute(
        "accounts/open_facility_accounts",
        scheme=run.scheme,
        facilities=list(heads),
        kinds=["advance", "payable"],
    )
    execute("settlement/prepayment_lines", run=run.pk, scheme=run.scheme, month=run.period.first_day)
    cut_into_chunks(run)
    return Computed(
        totals=totals_of(run) | totals_by_level(run), notices=notices_of(run, section="capitation")
    )


def heads_to_prepay(
    run: Run, terms: CapitationTerms, *, heads: Callable[..., dict[int, int]]
) -> dict[int, int]:
    """The heads a month's prepayment counts: its own, or those of the month before.

    A January, and the first month of the rules, has no month before it: it counts its own.
    """
    if terms.heads_month == "previous" and _follows(run):
        return heads_after(heads, scheme=run.scheme, month=run.period)
    return heads(scheme=run.scheme, month=run.period)


def _follows(run: Run) -> bool:
    """Whether a month of the same year and rules goes before."""
    before = run.period - 1
    return before.year == run.period.year and pack_of(run.policy).in_force(before.first_day)


def demand_open_year(run: Run) -> None:
    """Raise RunRefused when the year of a run's month is settled."""
    closed = Run.objects.filter(
        kind=RunKindName.YEAR_END, scheme=run.scheme, period=Month(run.period.year, 1), state__in=BOOKED
    ).first()
    if closed is not None:
        raise RunRefused(_("The year is settled by %(run)s; reverse that first.") % {"run": closed})


def _line(run: Run, *, facility_id: int, heads: int, terms: CapitationTerms, carry: Decimal) -> Prepayment:
    entitlement = prepayment(rate=terms.quota_rate, heads=heads, share=terms.prepay_share)
    paid = disburse(entitlement=entitlement, carry=carry).paid
    return Prepayment(
        run=run,
        facility_id=facility_id,
        heads=heads,
        rate=terms.quota_rate,
        share=terms.prepay_share,
        entitlement=entitlement,
        offset=entitlement - paid,
        amount=paid,
    )


def terms_of(run: Run, month: Month) -> CapitationTerms:
    """The capitation terms of a month; raises RunRefused, saying why, when the pack has none."""
    try:
        terms = capitation_terms(pack_of(run.policy), month)
    except NotInForce:
        raise RunRefused(_("No rules are in force for %(period)s.") % {"period": month}) from None
    if terms is None:
        raise RunRefused(_("This scheme does not pay by capitation."))
    return terms


def still_holds(run: Run) -> None:
    """Since it was computed nothing settled the year, took off what this run takes off, or counted anew."""
    demand_open_year(run)
    heads = heads_to_prepay(run, terms_of(run, run.period), heads=frozen_or_counted)
    if heads != dict(run.prepayments.values_list("facility", "heads")):
        raise RunRefused(
            _("Heads were counted anew since %(run)s was computed: send it back.") % {"run": run}
        )
    carry = overpaid(scheme=run.scheme)
    for line in run.prepayments.all():
        paid = disburse(entitlement=line.entitlement, carry=carry.get(line.facility_id, Decimal(0))).paid
        if paid != line.amount:
            raise RunRefused(
                _("What is to be taken off changed since %(run)s was computed: send it back.") % {"run": run}
            )


def may_be_undone(run: Run) -> None:
    """Neither the year nor a month of the run is settled by another."""
    demand_open_year(run)
    cleared = (
        Clearing.objects.filter(prepayment__run=run, run__state__in=BOOKED).select_related("run").first()
    )
    if cleared is not None:
        raise RunRefused(_("%(run)s has cleared this month: reverse that first.") % {"run": cleared.run})


def prepayment_table(run: Run) -> Table:
    """The prepayment table 月预拨表."""
    lines = run.prepayments.select_related("facility").order_by("facility__code")
    levels = levels_in(run.period)
    return Table(
        title=_("Prepayment table %(period)s") % {"period": run.period},
        columns={
            _("Facility code"): "text",
            _("Facility name"): "text",
            _("Level"): "text",
            _("Heads"): "integer",
            _("Rate"): "money",
            _("Share (%)"): "money",
            _("Due this month"): "money",
            _("Brought forward"): "money",
            _("Paid this month"): "money",
        },
        rows=(
            (
                line.facility.code,
                line.facility.name,
                str(levels[line.facility_id].label),
                line.heads,
                line.rate,
                line.share,
                line.entitlement,
                -line.offset,
                line.amount,
            )
            for line in lines
        ),
    )


PREPAYMENT = RunKind(
    name=RunKindName.PREPAYMENT,
    applies=lambda pack: pack.capitation is not None,
    latest=lambda month: month + 1,
    still_holds=still_holds,
    may_be_undone=may_be_undone,
    compute=compute,
    post_chunk=post_chunk,
    mirror=REVERSAL,
    export=prepayment_table,
)
