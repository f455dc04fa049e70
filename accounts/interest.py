"""Interest of personal accounts 计息 (Nanchang 27): once a year, and to the day when an account is closed.

Money counts from the day it was posted, within the month in whose books it stands. A year's run is computed
when the year's books are closed: nothing it rests on changes any more.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.credit import has_accounts
from accounts.entries import transfers_of
from accounts.models import (
    Account,
    AccountKind,
    Application,
    ApplicationState,
    RunLine,
    Transfer,
    TransferKind,
)
from accounts.posting import CHUNK_SIZE, clear_lines, cut_into_chunks, post_chunk, totals_of
from accounts.reversal import REVERSAL
from accounts.run_lines import lines_page
from accounts.vouchers import account_of
from office import runs
from office.kinds import Computed, RunKind
from office.models import Run, RunKindName, RunState
from office.periods import closed_through
from office.policy import pack_of, policy_in_force
from office.refusal import RunRefused
from office.statements import execute
from policies.interest import (
    PRODUCT_OF_ONE_FEN,
    DayRate,
    Movement,
    NoInterestRate,
    Stretch,
    bears_interest,
    day_rates,
    interest_of,
    stretches,
    taken_first,
)
from policies.money import to_fen
from policies.month import Month
from policies.pack import Pack
from policies.values import MissingParameter

GIVES_BACK = (TransferKind.REVERSAL, TransferKind.REFUND)


def interest_due(account: Account, *, through: date) -> Decimal:
    """The interest not paid yet, in yuan, of all days up to and with `through`.

    An account that is closed on a day earns to the day before. Raises MissingParameter when a required
    rate is not entered; without a rate there is no interest.
    """
    return interest_of(unpaid_stretches(account, through=through))


def unpaid_stretches(account: Account, *, through: date) -> list[Stretch]:
    """The days `interest_due` counts."""
    transfers = transfers_of(account)
    if not transfers:
        return []
    return _stretches(account, transfers, first=first_unpaid(account), last=through)


def stretches_of_year(account: Account, year: int) -> list[Stretch]:
    """What a year's run pays the account for, day by day; raises MissingParameter as `interest_due`."""
    transfers = transfers_of(account)
    first = max([date(year, 1, 1), *(day_of(paid) for paid in _closing_interest(transfers))])
    return _stretches(account, transfers, first=first, last=date(year, 12, 31))


def day_of(transfer: Transfer) -> date:
    """The day from which money counts, as the statement `transfer_day` has it."""
    posted = timezone.localtime(transfer.created_at).date()
    return min(max(posted, transfer.month.first_day), transfer.month.last_day)


def _stretches(account: Account, transfers: Sequence[Transfer], *, first: date, last: date) -> list[Stretch]:
    if last < first:
        return []
    pack = pack_of(policy_in_force(scheme=account.scheme, month=Month.of(last)))
    if not bears_interest(pack):
        return []
    movements = _movements(account, transfers)
    found: list[Stretch] = []
    for year in range(first.year, last.year + 1):
        new_year = date(year, 1, 1)
        try:
            rates = day_rates(pack, first=max(first, new_year), last=min(last, date(year, 12, 31)))
        except NoInterestRate:
            continue
        found += stretches(
            opening=sum(movement.amount for movement in movements if movement.day < new_year),
            movements=[movement for movement in movements if movement.day >= new_year],
            rates=rates,
            first_taken=taken_first(pack, rates[-1].day),
        )
    return found


def _movements(account: Account, transfers: Sequence[Transfer]) -> list[Movement]:
    days: dict[date, Movement] = {}
    for transfer in transfers:
        day, amount, spent = day_of(transfer), to_fen(transfer.amount), 0
        if transfer.credit_id == account.pk:
            spent = -amount if transfer.kind in GIVES_BACK else 0
        else:
            spent = 0 if transfer.kind == TransferKind.REVERSAL else amount
            amount = -amount
        before = days.get(day, Movement(day, 0, 0))
        days[day] = Movement(day, before.amount + amount, before.spent + spent)
    return [days[day] for day in sorted(days)]


def first_unpaid(account: Account) -> date:
    """The day after the last one that interest was paid for, of an account on which anything ever moved."""
    transfers = transfers_of(account)
    last_year = _paid_years(account.scheme).order_by("-period").values_list("period", flat=True).first()
    first = date(min(day_of(transfer) for transfer in transfers).year, 1, 1)
    if last_year is not None:
        first = max(first, date(last_year.year + 1, 1, 1))
    return max([first, *(day_of(paid) for paid in _closing_interest(transfers))])


def _paid_years(scheme: str) -> QuerySet[Run]:
    return Run.objects.filter(kind=RunKindName.INTEREST, scheme=scheme, state=RunState.POSTED)


def stays_paid(transfer: Transfer, *, scheme: str) -> bool:
    """Whether a transfer of a closing is interest that nothing would pay again once the closing is undone.

    The run of its year has passed the account by meanwhile; days nobody pays for any more stay paid.
    """
    year = Month(transfer.covers.year, 1)
    passed_by = _paid_years(scheme).filter(period__gte=year)
    return transfer.kind == TransferKind.CLOSING_INTEREST and passed_by.exists()


def keep_years_apart(scheme: str) -> None:
    """Until the transaction ends no run starts posting; raises ValidationError while one moves interest.

    An account that is closed or opened is so before a year's interest is posted, or after it.
    """
    runs.keep_from_starting()
    moving = Run.objects.filter(scheme=scheme, state=RunState.POSTING)
    of_interest = Q(kind=RunKindName.INTEREST) | Q(reverses__kind=RunKindName.INTEREST)
    if run := moving.filter(of_interest).first():
        raise ValidationError(
            _("%(run)s is being posted: wait until it is, then close or open accounts.") % {"run": run}
        )


def _closing_interest(transfers: Sequence[Transfer]) -> list[Transfer]:
    given_back = {transfer.reverses_id for transfer in transfers}
    paid = [transfer for transfer in transfers if transfer.kind == TransferKind.CLOSING_INTEREST]
    return [transfer for transfer in paid if transfer.pk not in given_back]


def compute(run: Run) -> Computed:
    """The lines of a year's interest. Raises RunRefused while its books are open or a rate is missing."""
    year = run.period.year
    _demand_closed(run)
    rates = _rates_of(pack_of(run.policy), year)
    clear_lines(run)
    execute(
        "accounts/interest_lines",
        run=run.pk,
        scheme=run.scheme,
        first=date(year, 1, 1),
        last=date(year, 12, 31),
        covers=date(year, 12, 1),
        days=[rate.day for rate in rates],
        current_year=_still_to_come([rate.current for rate in rates]),
        carried_over=_still_to_come([rate.carried_over - rate.current for rate in rates]),
        taken_first=taken_first(pack_of(run.policy), date(year, 12, 31)),
        one_fen=PRODUCT_OF_ONE_FEN,
        interest=account_of(None, scheme=run.scheme, kind=AccountKind.INTEREST).pk,
        chunk_size=CHUNK_SIZE,
    )
    cut_into_chunks(run)
    return Computed(totals=totals_of(run))


def _rates_of(pack: Pack, year: int) -> list[DayRate]:
    try:
        return day_rates(pack, first=date(year, 1, 1), last=date(year, 12, 31))
    except (NoInterestRate, MissingParameter) as missing:
        raise RunRefused(
            _("No interest in %(year)s: the parameter “%(name)s” (article %(article)s) has no value.")
            % {"year": year, "name": missing.name, "article": missing.article}
        ) from None


def _still_to_come(rates: list[int]) -> list[int]:
    """For each day the sum of the rates from it on."""
    total, found = 0, []
    for rate in reversed(rates):
        total += rate
        found.append(total)
    return found[::-1]


def still_holds(run: Run) -> None:
    """Raises RunRefused when accounts were closed or opened meanwhile, or the books were opened again."""
    _demand_closed(run)
    lines = RunLine.objects.filter(run_id=run.pk)
    if lines.filter(credit__closed_on__isnull=False).exists() or _opened_since(run, lines):
        raise RunRefused(
            _("Accounts were closed or opened since %(run)s was computed: send it back to be computed again.")
            % {"run": run}
        )


def _opened_since(run: Run, lines: QuerySet[RunLine]) -> bool:
    """Whether an account whose closing was undone is due other interest than its line says: there are few."""
    opened = Application.objects.filter(closes=True, state=ApplicationState.UNDONE).values("account")
    accounts = Account.objects.filter(pk__in=opened, scheme=run.scheme, closed_on=None)
    amounts = dict(lines.filter(credit__in=accounts).values_list("credit_id", "amount"))
    return any(
        interest_of(stretches_of_year(account, run.period.year)) != amounts.get(account.pk, 0)
        for account in accounts
    )


def _demand_closed(run: Run) -> None:
    closed = closed_through()
    if closed is None or closed < run.last_month:
        raise RunRefused(
            _("Close the books of %(month)s first: interest rests on every day of the year.")
            % {"month": run.last_month}
        )


INTEREST = RunKind(
    name=RunKindName.INTEREST,
    applies=lambda pack: has_accounts(pack) and bears_interest(pack),
    latest=lambda month: Month(month.year - 1, 1),
    still_holds=still_holds,
    compute=compute,
    post_chunk=post_chunk,
    mirror=REVERSAL,
    page=lines_page,
)
