"""Whatever happens to accounts, in whatever order, their balances are those of a plain model in Python.

Credits, purchases, family use, refunds, late news and its adjustments, reversals, closings and their undoing,
inheritance, interest, what becomes of receivables, mixed at random: balances, receivables and late news agree
after every step, and the books are clean. ACCOUNTS_MODEL_EXAMPLES=500 tries it for longer.
"""

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts import applications, receivables
from accounts.applications import Origin, Payee
from accounts.late_news import differences
from accounts.models import Account, AccountUse, Application, Receivable
from accounts.refunds import refund, reverse
from accounts.spending import post_use
from accounts.verify import verify_books
from accounts.vouchers import account_of
from insured import spells
from insured.endings import end
from insured.models import FamilyLink, Person, PersonChangeKind
from office import periods, runs
from office.models import Run
from policies.month import Month
from tests.accounts.plain_model import (
    DECEMBER,
    HORIZON,
    NEW_YEAR,
    RATES,
    START,
    Closing,
    Holder,
    close,
    undo,
)
from tests.accounts.test_applications import CARD, DEATH, EMIGRATION, shown
from tests.cities import rules_of
from tests.population import contract, insure, member, posted

FIRST_DAY = START.first_day
UNSTATED = '- {from: 2022-08, article: "11", optional: true}'
STATED = "".join(
    f'\n        - {{from: {day:%Y-%m}, article: "11", value: {rate / 100:.2f}}}' for day, rate in RATES
)
BY = {"by": None, "reason": "材料"}
MOVING_OUT = shown("application", "transfer_letter")

who = st.integers(0, 2)
months = st.integers(0, HORIZON - 1)
any_of_them = st.integers(0, 20)
some_fen = st.integers(1, 250_00)
bases = st.sampled_from(["1000.00", "2345.67", "6000.00"])


def yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100


@dataclass
class Purchase:
    """What each account paid, in order, and what came back of it (分)."""

    use: AccountUse
    amount: int
    paid: list[tuple[Holder, int]]
    back: list[int]
    refunded: int = 0


class Accounts(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.undoing = transaction.atomic()
        self.undoing.__enter__()
        # Approved before anything is signed: for the database all of this is one moment.
        rules_of("heyuan", change=(UNSTATED, UNSTATED + STATED), approved_at=datetime(2023, 1, 1, tzinfo=UTC))
        self.clerk, self.reviewer = member("clerk"), member("reviewer")
        self.auditor, self.finance = member("auditor"), member("finance_accountant")
        self.people = [insure(first="2023-01").pk for _each in range(3)]
        for one in range(3):
            account_of(self.person(one), scheme="310")
        self.holders = [Holder(dict.fromkeys(range(HORIZON), 5000_00)) for _each in range(3)]
        self.facility = contract()
        # The first two may use each other's account.
        for holder, relative in ((0, 1), (1, 0)):
            FamilyLink.objects.create(
                person=self.person(holder),
                relative=self.person(relative),
                relation="spouse",
                first_day=FIRST_DAY,
            )
        self.today = timezone.localdate()
        self.credited: dict[int, tuple[Run, list[dict[str, int]]]] = {}
        self.adjusted: list[set[int]] = []
        self.purchases: list[Purchase] = []
        self.closings: list[tuple[Application, Closing]] = []
        self.books_closed = False
        self.interest: tuple[Run, list[int]] | None = None

    def teardown(self):
        transaction.set_rollback(True)
        self.undoing.__exit__(None, None, None)

    def person(self, one: int) -> Person:
        return Person.objects.get(pk=self.people[one])

    def account(self, one: int) -> Account:
        return Account.objects.get(person=self.people[one], kind="person")

    @property
    def settled(self) -> set[int]:
        """Months that no month's run credits any more."""
        return {*self.credited, *([DECEMBER] if self.books_closed else [])}

    @property
    def last_day_of_reversals(self) -> date:
        """Reversals of closed months are booked in the first that is open."""
        return (START + HORIZON).last_day

    # Runs

    def run(self, kind: str, period: Month) -> Run:
        run = runs.prepare(kind=kind, scheme="310", period=period, by=self.clerk, origin="page")
        return posted(runs.compute(run.pk))

    def reversal(self, run: Run) -> None:
        posted(runs.reverse(run, by=self.reviewer, origin="page", reason="试算"))

    @rule(month=months)
    def credit(self, month):
        adjusted = any(month in covered for covered in self.adjusted)
        if month in self.credited or adjusted or self.books_closed:
            with pytest.raises(runs.RunRefused), transaction.atomic():
                self.run("credit", START + month)
            return
        credits = [{} if holder.closed else holder.due(month) for holder in self.holders]
        self.credited[month] = self.run("credit", START + month), credits
        for holder, amounts in zip(self.holders, credits, strict=True):
            holder.give(month, amounts)
            holder.take(sum(amounts.values()), (START + month).last_day)

    @precondition(lambda self: self.credited)
    @rule(which=any_of_them)
    def reverse_a_credit(self, which):
        month = sorted(self.credited)[which % len(self.credited)]
        run, credits = self.credited[month]
        of_holders = list(zip(self.holders, credits, strict=True))
        adjusted = any(month in covered for covered in self.adjusted)
        if adjusted or any(holder.closed and amounts for holder, amounts in of_holders):
            with pytest.raises(runs.RunRefused), transaction.atomic():
                self.reversal(run)
            return
        self.reversal(run)
        del self.credited[month]
        booked = self.last_day_of_reversals if self.books_closed else (START + month).last_day
        for holder, amounts in of_holders:
            holder.give(month, amounts, -1)
            holder.take(-sum(amounts.values()), booked)

    @precondition(lambda self: len(self.adjusted) < HORIZON)
    @rule()
    def adjust(self):
        period = START + len(self.adjusted) + (HORIZON if self.books_closed else 0)
        self.run("adjustment", period)
        covered = set()
        for holder in self.holders:
            news = {} if holder.closed else holder.differences(self.settled)
            for month, amounts in news.items():
                holder.give(month, amounts)
                covered.add(month)
            holder.take(sum(sum(amounts.values()) for amounts in news.values()), period.last_day)
        self.adjusted.append(covered)

    @precondition(lambda self: not self.books_closed and len(self.credited) > 1)
    @rule()
    def close_the_books(self):
        periods.close(START + DECEMBER, by=self.finance, origin="page")
        self.books_closed = True

    @precondition(lambda self: self.books_closed)
    @rule()
    def pay_interest(self):
        year = Month(NEW_YEAR.year - 1, 1)
        if self.interest:
            with pytest.raises(runs.RunRefused), transaction.atomic():
                self.run("interest", year)
            return
        amounts = [
            0
            if holder.closed
            else holder.interest(max(year.first_day, holder.paid_to), (START + DECEMBER).last_day)
            for holder in self.holders
        ]
        self.interest = self.run("interest", year), amounts
        for holder, amount in zip(self.holders, amounts, strict=True):
            holder.move(amount, Month.of(NEW_YEAR).last_day)

    @precondition(lambda self: self.interest)
    @rule()
    def reverse_interest(self):
        run, amounts = self.interest
        if any(holder.closed and amount for holder, amount in zip(self.holders, amounts, strict=True)):
            with pytest.raises(runs.RunRefused), transaction.atomic():
                self.reversal(run)
            return
        self.reversal(run)
        self.interest = None
        for holder, amount in zip(self.holders, amounts, strict=True):
            holder.take(-amount, Month.of(NEW_YEAR).last_day)

    # Late news

    @rule(one=who, month=months, base=bases)
    def change_a_base(self, one, month, base):
        before = self.holders[one].terms.get(month)
        if isinstance(before, int) and before != int(Decimal(base) * 100):
            spells.change(self.person(one), month=START + month, last=START + month, base=Decimal(base), **BY)
            self.holders[one].terms[month] = int(Decimal(base) * 100)

    @rule(one=who, month=st.integers(1, HORIZON - 1))
    def retire(self, one, month):
        terms = self.holders[one].terms
        if all(isinstance(terms.get(later), int) for later in range(month - 1, HORIZON)):
            spells.retire(self.person(one), completed=START + month - 1, group="enterprise", **BY)
            terms.update(dict.fromkeys(range(month, HORIZON), "retired"))

    @rule(one=who, month=months)
    def stop(self, one, month):
        """Not insured in a month after all."""
        if self.holders[one].terms.get(month) is not None:
            spells.suspend(self.person(one), month=START + month, last=START + month, **BY)
            self.holders[one].terms[month] = None

    @rule(one=who, month=months, first_of_month=st.booleans(), died=st.booleans())
    def go(self, one, month, first_of_month, died):
        """Somebody dies or emigrates: nothing is due for the months after."""
        holder = self.holders[one]
        if not holder.gone:
            day = (START + month).first_day if first_of_month else (START + month).last_day
            kind = PersonChangeKind.DIED if died else PersonChangeKind.EMIGRATED
            end(self.person(one), kind=kind, day=day, **BY)
            holder.gone = "died" if died else "ended"
            holder.terms.update(dict.fromkeys(range(month + 1, HORIZON), None))

    # Use

    @rule(one=who, amount=some_fen)
    def buy(self, one, amount):
        use = post_use(
            person=self.person(one),
            scheme="310",
            purpose="facility_cost",
            day=FIRST_DAY,
            amount=yuan(amount),
            facility=self.facility,
            bill_number=f"B{len(self.purchases)}",
            by=None,
        )
        paid, left = [], amount
        for payer in {0: (0, 1), 1: (1, 0), 2: (2,)}[one]:
            holder = self.holders[payer]
            taken = min(left, holder.balance)
            holder.move(-taken, self.today)
            left -= taken
            paid.append((holder, taken))
        self.purchases.append(Purchase(use, amount, paid, [0] * len(paid)))

    @precondition(lambda self: self.purchases)
    @rule(which=any_of_them, amount=some_fen, whole=st.booleans())
    def give_back(self, which, amount, whole):
        purchase = self.purchases[which % len(self.purchases)]
        left = purchase.amount - purchase.refunded
        amount = left if whole else amount
        # Last paid first: cash, then relatives, then the own account.
        cash = left - sum(paid - back for (_h, paid), back in zip(purchase.paid, purchase.back, strict=True))
        rest, backs = amount - min(amount, cash), []
        for (_holder, paid), back in reversed(list(zip(purchase.paid, purchase.back, strict=True))):
            backs.insert(0, min(rest, paid - back))
            rest -= backs[0]
        closed = any(back and holder.closed for (holder, _p), back in zip(purchase.paid, backs, strict=True))
        if closed or (purchase.refunded if whole else amount > left):
            with pytest.raises(ValidationError), transaction.atomic():
                self.returned(purchase, amount, whole)
            return
        self.returned(purchase, amount, whole)
        purchase.refunded += amount
        for place, ((holder, _paid), back) in enumerate(zip(purchase.paid, backs, strict=True)):
            holder.move(back, self.today)
            purchase.back[place] += back

    def returned(self, purchase: Purchase, amount: int, whole: bool) -> None:
        if whole:
            reverse(purchase.use, reason="退费", by=None)
        else:
            refund(purchase.use, amount=yuan(amount), reason="退药", by=None)

    # Payouts, moves and closings

    def signed(self, application: Application) -> Application:
        first = self.auditor if application.way == "undoing" else self.reviewer
        return applications.sign(applications.sign(application, by=first), by=self.finance)

    @rule(one=who, amount=some_fen)
    def move_in(self, one, amount):
        document = f"转{Application.objects.count()}号"
        origin = Origin(area="深圳市", area_code="440300", document=document, amount=yuan(amount))

        def brought():
            account = self.account(one)
            self.signed(applications.bring_in(account, origin=origin, day=self.today, by=self.clerk))

        if self.holders[one].closed:
            with pytest.raises(ValidationError), transaction.atomic():
                brought()
            return
        brought()
        self.holders[one].move(amount, self.today)

    @precondition(lambda self: any(holder.gone and not holder.closed for holder in self.holders))
    @rule(which=any_of_them, here=st.booleans())
    def close_an_account(self, which, here):
        """To heirs' own accounts or by the bank; of who left to a bank or to the other area."""
        open_ones = [one for one, holder in enumerate(self.holders) if holder.gone and not holder.closed]
        one = open_ones[which % len(open_ones)]
        holder, person, heirs, origin = self.holders[one], self.person(one), [], Origin()
        payees = [Payee(name=person.name, bank_name="工商银行", bank_account=CARD)]
        if holder.gone == "died":
            heirs = [n for n, heir in enumerate(self.holders) if here and not (heir.gone or heir.closed)]
            kind, evidence = "death", DEATH
            way = "heir_accounts" if heirs else "heirs"
            payees = [
                Payee(name=heir.name, document_number=heir.document_number, parts=place)
                for place, heir in enumerate(map(self.person, heirs), start=1)
            ] or payees
        elif here:
            kind, way, evidence = "emigration", "person", EMIGRATION
        else:
            kind, way, evidence = "transfer_out_of_province", "agency", MOVING_OUT
            origin = Origin(area="深圳市", area_code="440300")
        application = applications.apply(
            self.account(one),
            kind=kind,
            way=way,
            evidence=evidence,
            payees=payees,
            origin=origin,
            by=self.clerk,
        )
        closing = close(
            holder,
            settled=self.settled,
            first_unpaid=NEW_YEAR if self.interest else START.first_day,
            today=self.today,
            heirs=[self.holders[heir] for heir in heirs],
            bank=way in ("heirs", "person"),
        )
        self.closings.append((self.signed(application), closing))

    @precondition(lambda self: self.closings)
    @rule(which=any_of_them)
    def undo_a_closing(self, which):
        application, closing = self.closings[which % len(self.closings)]

        def undone():
            self.signed(applications.undo(application, reason="误办", by=self.clerk))

        if not closing.may_be_undone:
            with pytest.raises(ValidationError), transaction.atomic():
                undone()
            return
        undone()
        undo(closing, self.today, paid_year=self.interest is not None)
        self.closings.remove((application, closing))

    @precondition(lambda self: any(holder.owes for holder in self.holders))
    @rule(which=any_of_them, amount=some_fen, way=st.sampled_from(["repaid", "offset", "written_off"]))
    def settle_a_receivable(self, which, amount, way):
        owing = [one for one, holder in enumerate(self.holders) if holder.owes]
        one = owing[which % len(owing)]
        holder, why = self.holders[one], {"reason": "多计入", "evidence": "通知1号"}
        receivable = Receivable.objects.get(person=self.people[one], kind="receivable")

        def settled():
            asked = {"amount": yuan(amount), "by": self.clerk, **why}
            match way:
                case "repaid":
                    receivables.repaid(receivable, **asked)
                case "offset":
                    receivables.offset(receivable, **asked)
                case "written_off":
                    receivables.propose_write_off(receivable, **asked)
                    receivables.approve_write_off(receivable, by=self.reviewer)

        if amount > holder.owes or (way == "offset" and amount > holder.balance):
            with pytest.raises(ValidationError), transaction.atomic():
                settled()
            return
        settled()
        holder.owes -= amount
        if way == "offset":
            holder.move(-amount, self.today)

    @invariant()
    def ledger_and_model_agree(self):
        for number, holder in zip(self.people, self.holders, strict=True):
            accounts = {account.kind: account for account in Account.objects.filter(person=number)}
            shown = {kind: int(account.shown_balance * 100) for kind, account in accounts.items()}
            assert shown["person"] == holder.balance
            assert shown.get("receivable", 0) == holder.owes
            assert shown.get("owed", 0) == holder.owed
            assert (accounts["person"].closed_on is not None) == holder.closed
        news = {
            (found.person_id, str(found.month)): int(found.adjustment * 100)
            for found in differences(scheme="310")
        }
        assert news == {
            (number, str(START + month)): sum(amounts.values())
            for number, holder in zip(self.people, self.holders, strict=True)
            for month, amounts in holder.differences(self.settled).items()
        }
        assert [finding.wrong for finding in verify_books() if finding.wrong] == []


@pytest.mark.django_db
def test_ledger_and_model_agree_whatever_happens():
    longer = int(os.environ.get("ACCOUNTS_MODEL_EXAMPLES", "0"))
    quietly = settings(
        max_examples=longer or 8,
        stateful_step_count=40 if longer else 14,
        deadline=None,
        # To make a failure smaller takes minutes: what is found is told as it was met.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Accounts, settings=quietly)
