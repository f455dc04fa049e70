"""Whatever happens to accounts, in whatever order, their balances are those of a plain model in Python.

Credits, purchases, family use, refunds, late news and its adjustments, reversals mixed at random: balances,
receivables and what stands of each month agree after every step, and the books are clean.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.late_news import differences
from accounts.models import Account, AccountUse
from accounts.refunds import refund, reverse
from accounts.spending import post_use
from accounts.verify import verify_books
from accounts.vouchers import account_of
from insured import spells
from insured.models import FamilyLink, Person
from office import runs
from office.models import Run
from policies.month import Month
from tests.population import contract, insure, member, posted

START = Month(2023, 1)
DAY = date(2023, 1, 15)
HORIZON = 6
RETIRED = 102_79
BY = {"by": None, "reason": "材料"}

who = st.integers(0, 2)
months = st.integers(0, HORIZON - 1)
some_fen = st.integers(1, 250_00)
bases = st.sampled_from(["1000.00", "2345.67", "6000.00"])


@dataclass
class Purchase:
    """What each account paid, in order, and what came back of it (分)."""

    use: AccountUse
    amount: int
    paid: list[tuple[int, int]]
    back: list[int]
    refunded: int = 0


@dataclass
class Holder:
    """One person: base in 分, or retired, by month; what stands of each month; balance and debt (分)."""

    terms: dict[int, int | str]
    stands: dict[int, dict[str, int]] = field(default_factory=dict)
    balance: int = 0
    owes: int = 0

    def due(self, month: int) -> dict[str, int]:
        match self.terms.get(month):
            case None:
                return {}
            case "retired":
                return {"pool": RETIRED}
            case base:
                return {"contribution": (base * 2 + 50) // 100}

    def take(self, amount: int) -> None:
        """Credit an amount, or take it back as far as it is there; the rest is owed."""
        self.balance += amount
        if self.balance < 0:
            self.owes -= self.balance
            self.balance = 0


class Accounts(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.undoing = transaction.atomic()
        self.undoing.__enter__()
        self.clerk, self.reviewer = member("clerk"), member("reviewer")
        self.people = [insure(first="2023-01").pk for _each in range(3)]
        for one in range(3):
            account_of(self.person(one), scheme="310")
        self.holders = [Holder(dict.fromkeys(range(HORIZON), 5000_00)) for _each in range(3)]
        self.facility = contract()
        # The first two may use each other's account.
        for holder, relative in ((0, 1), (1, 0)):
            FamilyLink.objects.create(
                person=self.person(holder), relative=self.person(relative), relation="spouse", first_day=DAY
            )
        self.credited: dict[int, Run] = {}
        self.adjusted: list[tuple[Run, set[int]]] = []
        self.purchases: list[Purchase] = []

    def teardown(self):
        transaction.set_rollback(True)
        self.undoing.__exit__(None, None, None)

    def person(self, one: int) -> Person:
        return Person.objects.get(pk=self.people[one])

    def run(self, kind: str, month: int) -> Run:
        run = runs.prepare(kind=kind, scheme="310", period=START + month, by=self.clerk, origin="page")
        return posted(runs.compute(run.pk))

    def refused(self, kind: str, month: int) -> None:
        with pytest.raises(runs.RunRefused), transaction.atomic():
            self.run(kind, month)

    @rule(month=months)
    def credit(self, month):
        if month in self.credited or any(month in covered for _run, covered in self.adjusted):
            self.refused("credit", month)
            return
        self.credited[month] = self.run("credit", month)
        for holder in self.holders:
            holder.stands[month] = holder.due(month)
            holder.take(sum(holder.stands[month].values()))

    @precondition(lambda self: self.credited)
    @rule(which=st.integers(0, HORIZON))
    def reverse_a_credit(self, which):
        month = sorted(self.credited)[which % len(self.credited)]
        if any(month in covered for _run, covered in self.adjusted):
            with pytest.raises(runs.RunRefused), transaction.atomic():
                self.reversal(self.credited[month])
            return
        self.reversal(self.credited.pop(month))
        for holder in self.holders:
            holder.take(-sum(holder.stands.pop(month).values()))

    def reversal(self, run: Run) -> None:
        posted(runs.reverse(run, by=self.reviewer, origin="page", reason="试算"))

    @precondition(lambda self: len(self.adjusted) < HORIZON)
    @rule()
    def adjust(self):
        run = self.run("adjustment", len(self.adjusted))
        covered = set()
        for holder in self.holders:
            changed = 0
            for month, stands in holder.stands.items():
                if stands != holder.due(month):
                    changed += sum(holder.due(month).values()) - sum(stands.values())
                    holder.stands[month] = holder.due(month)
                    covered.add(month)
            holder.take(changed)
        self.adjusted.append((run, covered))

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

    @rule(one=who, amount=some_fen)
    def buy(self, one, amount):
        order = {0: (0, 1), 1: (1, 0), 2: (2,)}[one]
        use = post_use(
            person=self.person(one),
            scheme="310",
            purpose="facility_cost",
            day=DAY,
            amount=Decimal(amount) / 100,
            facility=self.facility,
            bill_number=f"B{len(self.purchases)}",
            by=None,
        )
        paid, left = [], amount
        for payer in order:
            taken = min(left, self.holders[payer].balance)
            self.holders[payer].balance -= taken
            left -= taken
            paid.append((payer, taken))
        self.purchases.append(Purchase(use, amount, paid, [0] * len(paid)))

    @precondition(lambda self: self.purchases)
    @rule(which=st.integers(0, 20), amount=some_fen, whole=st.booleans())
    def give_back(self, which, amount, whole):
        purchase = self.purchases[which % len(self.purchases)]
        left = purchase.amount - purchase.refunded
        if purchase.refunded if whole else amount > left:
            with pytest.raises(ValidationError), transaction.atomic():
                self.returned(purchase, amount, whole)
            return
        self.returned(purchase, amount, whole)
        amount = left if whole else amount
        purchase.refunded += amount
        # Last paid first: cash, then relatives, then the own account.
        cash = left - sum(paid - back for (_p, paid), back in zip(purchase.paid, purchase.back, strict=True))
        amount -= min(amount, cash)
        for place in reversed(range(len(purchase.paid))):
            payer, paid = purchase.paid[place]
            back = min(amount, paid - purchase.back[place])
            self.holders[payer].balance += back
            purchase.back[place] += back
            amount -= back

    def returned(self, purchase: Purchase, amount: int, whole: bool) -> None:
        if whole:
            reverse(purchase.use, reason="退费", by=None)
        else:
            refund(purchase.use, amount=Decimal(amount) / 100, reason="退药", by=None)

    @invariant()
    def ledger_and_model_agree(self):
        for number, holder in zip(self.people, self.holders, strict=True):
            accounts = {
                account.kind: int(account.shown_balance * 100)
                for account in Account.objects.filter(person=number)
            }
            assert accounts.get("person", 0) == holder.balance
            assert accounts.get("receivable", 0) == holder.owes
        news = {(found.person_id, str(found.month)) for found in differences(scheme="310")}
        assert news == {
            (number, str(START + month))
            for number, holder in zip(self.people, self.holders, strict=True)
            for month, stands in holder.stands.items()
            if stands != holder.due(month)
        }
        assert [finding.wrong for finding in verify_books() if finding.wrong] == []


@pytest.mark.django_db
def test_ledger_and_model_agree_whatever_happens():
    quietly = settings(
        max_examples=10, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Accounts, settings=quietly)
