"""What was paid too much and is taken off the next prepayments: carries of clearings, negative year ends."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from office.models import Run, RunState
from office.refusal import RunRefused
from settlement.models import Clearing, Prepayment, YearEnd

# Booked, or being booked: what other runs have to count with.
BOOKED = [RunState.POSTING, RunState.POSTED]


def overpaid(*, scheme: str) -> dict[int, Decimal]:
    """By facility, in yuan: what booked runs left to take back and nothing booked has taken yet."""
    return {facility: rest for facility, rest in _left(scheme=scheme).items() if rest > 0}


def demand_untaken(run: Run) -> None:
    """Raise RunRefused, naming the later run, when that has taken off what a run left to take off."""
    left = _left(scheme=run.scheme, without=run)
    short = sorted(facility for facility, rest in left.items() if rest < 0)
    if not short:
        return
    taker = (
        Run.objects.filter(
            Q(prepayments__offset__gt=0, prepayments__facility=short[0])
            | Q(year_ends__carry__gt=0, year_ends__facility=short[0]),
            scheme=run.scheme,
            state__in=BOOKED,
        )
        .exclude(pk=run.pk)
        .order_by("-period", "-pk")
        .first()
    )
    raise RunRefused(_("%(run)s has taken off what this run left: reverse that first.") % {"run": taker})


def _left(*, scheme: str, without: Run | None = None) -> dict[int, Decimal]:
    booked = Q(run__scheme=scheme, run__state__in=BOOKED) & ~Q(run=without)
    left: dict[int, Decimal] = defaultdict(Decimal)
    for lines, column, sign in (
        (Clearing.objects.filter(carry__gt=0), "carry", 1),
        (YearEnd.objects.filter(due__lt=0), "due", -1),
        (YearEnd.objects.filter(carry__gt=0), "carry", -1),
        (Prepayment.objects.filter(offset__gt=0), "offset", -1),
    ):
        for facility, amount in lines.filter(booked).order_by().values_list("facility").annotate(Sum(column)):
            left[facility] += sign * amount
    return left
