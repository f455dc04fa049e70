"""Payouts, closing, inheritance and moves: by the rules of the pack, by different people, exactly once."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts import applications
from accounts.after_closing import settle_late_news
from accounts.applications import Origin, Payee
from accounts.closing import split
from accounts.late_news import differences
from accounts.models import Account, Application, ApplicationApproval, Transfer
from accounts.verify import verify_books
from accounts.vouchers import account_of, transfers_of
from insured.documents import document_index
from insured.endings import end
from insured.models import Employer, Person, PersonChangeKind
from office import runs
from office.acting import acting
from office.refusal import RunRefused
from office.statements import fetch
from policies.month import Month
from tests.cities import rules_of
from tests.office.test_approvals import delegate
from tests.population import fund, insure, member, posted, spend

pytestmark = pytest.mark.django_db
CARD = "6222021234567890128"


def shown(*codes: str) -> dict:
    return {code: (f"第{code}号", date(2026, 1, 5)) for code in codes}


EMIGRATION = shown("application", "identity", "emigration_proof", "bank_card")
DEATH = shown("application", "death_certificate", "heir_identity", "heir_proof", "bank_card")


@pytest.fixture
def office():
    """Who applies, reviews, audits and releases."""
    roles = ("clerk", "reviewer", "auditor", "finance_accountant")
    return {role: member(role) for role in roles}


def funded(amount: str, **person):
    person = insure(**{"first": "2023-01", "last": "2023-06"} | person)
    fund(person, amount)
    return person, account_of(person, scheme="310")


def emigrates(account, office, *, name: str, evidence=EMIGRATION):
    payee = Payee(name=name, bank_name="工商银行", bank_account=CARD)
    return applications.apply(
        account, kind="emigration", way="person", evidence=evidence, payees=[payee], by=office["clerk"]
    )


def agreed(application, office) -> Application:
    """Signed by everybody it takes."""
    first = "auditor" if application.way == "undoing" else "reviewer"
    for role in (first, "finance_accountant")[: len(applications.steps_of(application))]:
        application = applications.sign(application, by=office[role])
    return application


def balances(person) -> dict[str, Decimal]:
    return dict(Account.objects.filter(person=person).values_list("kind", "balance"))


def clean() -> bool:
    connection.check_constraints()
    return [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_an_account_is_paid_out_closed_and_opened_again(office):
    person, account = funded("123.45")
    done = agreed(emigrates(account, office, name=person.name), office)
    assert (done.state, done.paid, done.receivable) == ("done", Decimal("123.45"), Decimal(0))
    assert balances(person) == {"person": 0, "owed": Decimal("123.45"), "receivable": 0}
    assert Account.objects.get(pk=account.pk).closed_on == done.done_on
    assert done.shares.get().bank_account == CARD
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        fund(person, "1.00")
    with pytest.raises(ValidationError, match=r"关闭|销户|closed"):
        emigrates(account, office, name=person.name)
    undoing = applications.undo(done, reason="误办", by=office["clerk"])
    agreed(undoing, office)
    done.refresh_from_db()
    assert done.state == "undone"
    assert balances(person) == {"person": Decimal("123.45"), "owed": 0, "receivable": 0}
    assert Account.objects.get(pk=account.pk).closed_on is None
    with pytest.raises(ValidationError):
        applications.undo(done, reason="误办", by=office["clerk"])
    assert clean()


def test_what_the_rules_ask_for_is_demanded_with_its_article(office):
    person, account = funded("10.00")
    with pytest.raises(ValidationError, match=r"11\(5\).*(出境定居证明|Proof of settling abroad)"):
        emigrates(account, office, name=person.name, evidence=shown("application", "identity", "bank_card"))
    with pytest.raises(ValidationError, match=person.name):
        emigrates(account, office, name="别人")
    with pytest.raises(ValidationError, match=r"11\(4\)"):
        applications.apply(account, kind="death", way="heirs", evidence=DEATH, by=office["clerk"])
    insured, theirs = funded("10.00", last=None)
    with pytest.raises(ValidationError, match=r"11\(5\)"):
        emigrates(theirs, office, name=insured.name)
    assert Application.objects.count() == 0


def test_the_database_holds_who_signs_and_what(office):
    person, account = funded("10.00")
    asked = emigrates(account, office, name=person.name)
    hash = applications.hash_of(asked)
    twin = member("reviewer", "twin")

    def approve(number=1, step="review", by=office["reviewer"], hash=hash):
        ApplicationApproval.objects.create(application=asked, number=number, step=step, person=by, hash=hash)

    forbidden = [
        lambda: approve(by=office["clerk"]),
        lambda: approve(hash="0" * 64),
        lambda: approve(number=2, step="release", by=office["finance_accountant"]),
        lambda: approve(step="release", by=office["finance_accountant"]),
        lambda: approve(by=member("reviewer", "elsewhere", counties=("441621",))),
        lambda: Application.objects.filter(pk=asked.pk).update(state="reviewed"),
        lambda: Application.objects.filter(pk=asked.pk).update(state="done", done_on=date(2026, 1, 1)),
        lambda: Application.objects.filter(pk=asked.pk).update(way="agency"),
        lambda: Account.objects.filter(pk=account.pk).update(closed_on=date(2026, 1, 1), balance=0),
    ]
    for attempt in forbidden:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    applications.sign(asked, by=office["reviewer"])
    for attempt in (
        lambda: approve(number=2, step="release", by=office["reviewer"]),
        lambda: asked.shares.update(name="别人"),
        lambda: asked.shares.all().delete(),
        lambda: asked.approvals.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    with pytest.raises(ValidationError):
        applications.sign(asked, by=twin)
    applications.send_back(asked, reason="户名不清")
    payee = Payee(name=person.name, bank_name="建设银行", bank_account=CARD)
    again = applications.apply(
        account,
        kind="emigration",
        way="person",
        evidence=EMIGRATION,
        payees=[payee],
        by=office["clerk"],
        instead_of=Application.objects.get(pk=asked.pk),
    )
    assert (again.pk, again.revision, applications.signatures_of(again)) == (asked.pk, 2, [])
    assert agreed(again, office).state == "done"


def test_heirs_share_what_is_left_after_credits_beyond_the_death(office):
    """Died in January, credited for February and March: 2 % of 5000 is 100.00 a month, taken back first."""
    person = insure(first="2023-01")
    for month in (1, 2, 3):
        posted(
            runs.compute(
                runs.prepare(
                    kind="credit", scheme="310", period=Month(2023, month), by=office["clerk"], origin="page"
                ).pk
            )
        )
    end(person, kind=PersonChangeKind.DIED, day=date(2023, 1, 1), reason="死亡证明", by=office["clerk"])
    person.refresh_from_db()
    account = account_of(person, scheme="310")
    heirs = [funded("1.00", county="441621")[0] for _ in range(3)]
    asked = applications.apply(
        Account.objects.get(pk=account.pk),
        kind="death",
        way="heir_accounts",
        evidence=DEATH,
        payees=[Payee(name=heir.name, document_number=heir.document_number) for heir in heirs],
        by=office["clerk"],
    )
    done = agreed(asked, office)
    assert (done.balance, done.deducted, done.paid) == (
        Decimal("300.00"),
        Decimal("200.00"),
        Decimal("100.00"),
    )
    assert [Account.objects.get(person=heir, kind="person").balance for heir in heirs] == [
        Decimal("34.33"),
        Decimal("34.33"),
        Decimal("34.34"),
    ]
    taken = Transfer.objects.filter(kind="adjustment").order_by("covers")
    assert [(each.covers, each.amount) for each in taken] == [
        (Month(2023, 2), Decimal("100.00")),
        (Month(2023, 3), Decimal("100.00")),
    ]
    spend(heirs[0], "20.00")
    undoing = applications.undo(done, reason="继承人有误", by=office["clerk"])
    with pytest.raises(ValidationError):
        agreed(undoing, office)
    assert clean()


def test_what_cannot_be_deducted_is_owed(office):
    person = insure(first="2023-01")
    for month in (1, 2, 3):
        posted(
            runs.compute(
                runs.prepare(
                    kind="credit", scheme="310", period=Month(2023, month), by=office["clerk"], origin="page"
                ).pk
            )
        )
    spend(person, "250.00")
    end(person, kind=PersonChangeKind.DIED, day=date(2023, 1, 31), reason="死亡证明", by=office["clerk"])
    person.refresh_from_db()
    account = Account.objects.get(pk=account_of(person, scheme="310").pk)
    heir = Payee(name="继承人", bank_name="工商银行", bank_account=CARD)
    asked = applications.apply(
        account, kind="death", way="heirs", evidence=DEATH, payees=[heir], by=office["clerk"]
    )
    done = agreed(asked, office)
    assert (done.deducted, done.receivable, done.paid) == (Decimal(200), Decimal(150), Decimal(0))
    assert balances(person)["receivable"] == Decimal("-150.00")
    assert clean()


def test_money_moves_in_once_by_document_and_out_to_the_agency(office):
    person, account = funded("10.00", last=None)
    origin = Origin(area="深圳市", area_code="440300", document="转〔2026〕8号", amount=Decimal("88.80"))
    day = date(2026, 2, 3)
    agreed(applications.bring_in(account, origin=origin, day=day, by=office["clerk"]), office)
    assert balances(person)["person"] == Decimal("98.80")
    with pytest.raises(ValidationError):
        applications.bring_in(account, origin=origin, day=day, by=office["clerk"])
    today = timezone.localdate()
    end(person, kind=PersonChangeKind.MOVED_INSIDE, day=today, reason="转移", by=office["clerk"])
    stays = applications.apply(
        account,
        kind="moved_inside_province",
        way="nobody",
        evidence=shown("transfer_letter"),
        origin=Origin(area="深圳市"),
        by=office["clerk"],
    )
    assert agreed(stays, office).state == "done"
    assert balances(person)["person"] == Decimal("98.80")
    out = applications.apply(
        account,
        kind="transfer_out_of_province",
        way="agency",
        evidence=shown("application", "transfer_letter"),
        payees=[Payee(name="南昌市医保中心", bank_name="农业银行", bank_account=CARD)],
        origin=Origin(area="南昌市", area_code="360100"),
        by=office["clerk"],
    )
    agreed(out, office)
    assert balances(person) == {"person": 0, "receivable": 0}
    assert Account.objects.get(kind="moving").balance == 0
    assert clean()


def test_another_citys_rules_pay_out_without_closing_and_recover_from_the_employer(office):
    """Shijiazhuang 13 pays and keeps the account open; 16: what cannot be deducted the employer owes."""
    rules_of("shijiazhuang")
    person = insure(first="2023-01")
    employer = Employer.objects.create(code="E1", name="单位")
    person.enrolments.update(employer=employer)
    for month in (1, 2):
        posted(
            runs.compute(
                runs.prepare(
                    kind="credit", scheme="310", period=Month(2023, month), by=office["clerk"], origin="page"
                ).pk
            )
        )
    account = Account.objects.get(pk=account_of(person, scheme="310").pk)
    payee = Payee(name=person.name, bank_name="工商银行", bank_account=CARD)
    resettled = applications.apply(
        account,
        kind="resettled_without_settlement",
        way="person",
        evidence=shown("application", "identity", "residence_filing", "bank_card"),
        payees=[payee],
        by=office["clerk"],
    )
    assert agreed(resettled, office).paid == Decimal("200.00")
    assert Account.objects.get(pk=account.pk).closed_on is None
    end(person, kind=PersonChangeKind.ENDED, day=date(2023, 1, 20), reason="辞职", by=office["clerk"])
    with pytest.raises(ValidationError, match="16"):
        applications.apply(
            account, kind="ended", way="agency", evidence=shown("application"), by=office["clerk"]
        )
    ended = applications.apply(
        account,
        kind="ended",
        way="employer",
        evidence=shown("application", "end_proof", "employer_letter"),
        payees=[Payee(name="单位", bank_name="工商银行", bank_account="1234567890123")],
        by=office["clerk"],
    )
    done = agreed(ended, office)
    assert (done.deducted, done.receivable, done.paid) == (Decimal(100), Decimal(100), Decimal(0))
    assert Account.objects.get(employer=employer).balance == Decimal("-100.00")
    assert clean()


def test_shares_sum_to_the_whole():
    assert split(Decimal("0.05"), [1, 1, 1]) == [Decimal("0.01"), Decimal("0.02"), Decimal("0.02")]
    for amount in ("0.00", "0.01", "99.99", "100.00"):
        assert sum(split(Decimal(amount), [3, 1, 2, 1])) == Decimal(amount)


def test_a_county_works_through_pages_for_its_own(office, settings):
    person, account = funded("10.00")
    clerk, reviewer = (
        member("clerk", "c2", counties=("441602",)),
        member("reviewer", "r2", counties=("441602",)),
    )
    accountant = member("finance_accountant", "f2", counties=("441602",))
    elsewhere = member("clerk", "c3", counties=("441621",))
    heir, _theirs = funded("1.00", county="441621")
    with acting(staff=clerk, origin="page", role=settings.PAGES_ROLE):
        assert not Person.objects.filter(pk=heir.pk).exists()
        number = document_index(heir.document_number)
        assert applications.account_of_heir(number, name=heir.name, scheme="310")
        assert not applications.account_of_heir(number, name="别人", scheme="310")
        asked = emigrates(account, {"clerk": clerk}, name=person.name)
    with acting(staff=elsewhere, origin="page", role=settings.PAGES_ROLE):
        assert not Application.objects.exists()
    for staff in (reviewer, accountant):
        with acting(staff=staff, origin="page", role=settings.PAGES_ROLE):
            asked = applications.sign(asked, by=staff)
    assert asked.state == "done"
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        acting(staff=clerk, origin="page", role=settings.PAGES_ROLE),
    ):
        Account.objects.filter(pk=account.pk).update(closed_on=None)
    assert clean()


def test_runs_leave_closed_accounts_alone_and_say_so(office):
    """Resettled retirees stay insured (Heyuan 11(2)): credits come no more, and are told as an exception."""
    person = insure(status="retired", base=None, group="enterprise", first="2023-01")

    def computed(month: int):
        prepared = runs.prepare(
            kind="credit", scheme="310", period=Month(2023, month), by=office["clerk"], origin="page"
        )
        return runs.compute(prepared.pk)

    first = posted(computed(1))
    payee = Payee(name=person.name, bank_name="工商银行", bank_account=CARD)
    asked = applications.apply(
        Account.objects.get(person=person, kind="person"),
        kind="resettled_out_of_province",
        way="person",
        evidence=shown("application", "identity", "resettlement_filing", "bank_card"),
        payees=[payee],
        by=office["clerk"],
    )
    assert agreed(asked, office).paid == Decimal("102.79")
    second = computed(2)
    assert second.rows == 0
    assert [found.code for found in second.exceptions.all()] == ["account_closed"]
    with pytest.raises(RunRefused, match=person.name):
        runs.reverse(first, by=office["reviewer"], origin="page", reason="多计")


def test_a_delegate_signs_for_whoever_is_away_and_never_two_steps_of_one(office):
    person, account = funded("10.00")
    end(person, kind=PersonChangeKind.EMIGRATED, day=date(2023, 3, 5), reason="出境", by=office["clerk"])
    asked = emigrates(Account.objects.get(pk=account.pk), office, name=person.name)
    deputy, elsewhere = office["auditor"], member("clerk", "deputy", counties=("441621",))
    with pytest.raises(ValidationError):
        applications.sign(asked, by=deputy)
    for principal in ("reviewer", "clerk", "finance_accountant"):
        delegate(office[principal], deputy)
    delegate(office["reviewer"], elsewhere)
    assert "角色" in applications.standing_of(asked, elsewhere).refusal
    assert len(fetch("accounts/applications_waiting", staff=deputy.pk)) == 1
    assert fetch("accounts/applications_waiting", staff=elsewhere.pk) == []
    asked = applications.sign(asked, by=deputy)
    [signature] = applications.signatures_of(asked)
    assert (signature.person, signature.on_behalf_of) == (deputy, office["reviewer"])
    assert "其他环节" in applications.standing_of(asked, deputy).refusal
    assert fetch("accounts/applications_waiting", staff=deputy.pk) == []
    signed = {"application": asked, "number": 2, "step": "release", "hash": applications.hash_of(asked)}
    for who, whose in ((deputy, office["finance_accountant"]), (elsewhere, office["finance_accountant"])):
        with pytest.raises(DatabaseError), transaction.atomic():
            ApplicationApproval.objects.create(**signed, person=who, on_behalf_of=whose)
    assert applications.sign(asked, by=office["finance_accountant"]).state == "done"


def test_late_news_after_closing_is_owed_by_the_person_or_to_the_heirs_and_leaves_the_account_alone(office):
    """Credited 100.00 for each of three months and paid out; then the base was half, then twice as much."""
    person = insure(first="2023-01", last="2023-06")
    for month in (1, 2, 3):
        run = runs.prepare(
            kind="credit", scheme="310", period=Month(2023, month), by=office["clerk"], origin="page"
        )
        posted(runs.compute(run.pk))
    end(person, kind=PersonChangeKind.EMIGRATED, day=date(2023, 3, 31), reason="出境", by=office["clerk"])
    account = Account.objects.get(person=person, kind="person")
    why = {"reason": "基数更正", "evidence": "核定表1号", "by": office["clerk"]}
    with pytest.raises(ValidationError):
        settle_late_news(account, **why)
    agreed(emigrates(account, office, name=person.name), office)
    account.refresh_from_db()
    with pytest.raises(ValidationError):
        settle_late_news(account, **why)
    for base, kind, amount, balance in (
        ("2500.00", "receivable", "150.00", "-150.00"),
        ("10000.00", "owed", "-450.00", None),
    ):
        person.enrolments.update(base=Decimal(base))
        before = account_of(person, scheme="310", kind=kind)
        owed_before = Account.objects.get(pk=before.pk).balance
        settled = settle_late_news(account, **why)
        assert settled.amount == Decimal(amount)
        theirs = Account.objects.get(pk=before.pk)
        assert theirs.balance - owed_before == -Decimal(amount)
        assert balance is None or theirs.balance == Decimal(balance)
        assert [(t.kind, t.covers) for t in transfers_of(settled)] == [
            ("adjustment", Month(2023, month)) for month in (1, 2, 3)
        ]
        assert differences(scheme="310", people=[person]) == []
        with pytest.raises(ValidationError):
            settle_late_news(account, **why)
    again = runs.compute(
        runs.prepare(
            kind="adjustment", scheme="310", period=Month(2023, 3), by=office["clerk"], origin="page"
        ).pk
    )
    assert (again.rows, again.exceptions.count()) == (0, 0)
    account.refresh_from_db()
    assert account.balance == 0
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []
