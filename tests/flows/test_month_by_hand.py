"""A month from the clerk's workbook to the balances through a real worker, and the same in plain Python."""

import io
import random
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import openpyxl
import pytest

from accounts.models import Account, Transfer
from accounts.verify import verify_books
from insured.models import Person
from office import approvals, imports, runs
from office.kinds import kind_of
from office.models import ImportFile, ImportState, Run, RunState
from office.tables import write_xlsx
from office.tasks import enqueue
from policies.month import Month
from settlement.models import Prepayment
from tests.files import workbook
from tests.population import contract, identity_card, member
from tests.worker import wait_until, worker

MARCH = Month(2023, 3)
STATUSES = ["在职", "在职", "在职", "退休", "灵活就业", "失业代缴", "工伤代缴", "住院医保", "困难企业退休"]
CREDITED_BY_BASE = {"在职", "灵活就业", "失业代缴", "工伤代缴"}


def random_rows(count: int, facilities: list[str]) -> list[dict[str, str]]:
    """Enrolment rows of people who joined before, in or after March 2023, or left before it."""
    dice = random.Random(20230301)
    rows = []
    for number in range(count):
        status = dice.choice(STATUSES)
        first = Month(2022, 8) + dice.randrange(10)
        last = first + dice.randrange(12) if dice.random() < 0.3 else None
        rows.append(
            {
                "证件号码": identity_card(number % 1000, division=dice.choice(["441602", "441621"])),
                "姓名": f"参保人{number}",
                "人员编号": f"N{number:06d}",
                "险种": "310",
                "参保身份": status,
                "退休类别": "企业" if status == "退休" else "",
                "月缴费基数": f"{dice.randrange(200000, 2500000) / 100:.2f}"
                if status in CREDITED_BY_BASE
                else "",
                "生效年月": str(first),
                "终止年月": str(last) if last else "",
                "区县代码": dice.choice(["441602", "441621", "441625"]),
                "选点机构代码": dice.choice(facilities),
                "选点生效年月": str(first),
            }
        )
    return rows


def covers(row: dict[str, str], month: Month) -> bool:
    return row["生效年月"] <= str(month) and (not row["终止年月"] or row["终止年月"] >= str(month))


def half_up(amount: Fraction) -> Decimal:
    return Decimal(int(amount * 100 + Fraction(1, 2))) / 100


def credit_by_hand(row: dict[str, str]) -> Decimal | None:
    """Heyuan 7: 2 % of the base, or 102.79 for retirees; None without an account."""
    if row["参保身份"] in CREDITED_BY_BASE:
        return half_up(Fraction(row["月缴费基数"]) * 2 / 100)
    return Decimal("102.79") if row["参保身份"] == "退休" else None


def run_the_month(kind: str, *, clerk, reviewer, finance) -> Run:
    """What the pages do: every step that takes time is left to the worker."""
    run = runs.prepare(kind=kind, scheme="310", period=MARCH, by=clerk, origin="page")
    enqueue(run)
    wait_until(lambda: Run.objects.get(pk=run.pk).state == RunState.COMPUTED, seconds=60)
    run.refresh_from_db()
    runs.approve(run, by=reviewer, origin="page", seen=approvals.seen_of(run))
    runs.start_posting(run, by=finance, origin="page", seen=approvals.seen_of(run))
    enqueue(run)
    wait_until(lambda: Run.objects.get(pk=run.pk).state == RunState.POSTED, seconds=60)
    run.refresh_from_db()
    return run


@pytest.mark.usefixtures("committed")
def test_a_month_from_workbook_to_balances():
    clerk, reviewer, finance = member("clerk"), member("reviewer"), member("finance_accountant")
    hospitals = [contract(), contract(level="secondary"), contract(level="tertiary")]
    rows = random_rows(1000, [hospital.code for hospital in hospitals])
    upload = imports.upload(
        layout="enrolments", name="参保登记.xlsx", content=[workbook(rows)], by=clerk, origin="page"
    )
    imports.check(upload)
    imports.apply(upload, by=clerk)
    assert ImportFile.objects.get().state == ImportState.APPLIED

    with worker():
        credits = run_the_month("credit", clerk=clerk, reviewer=reviewer, finance=finance)
        prepayments = run_the_month("prepayment", clerk=clerk, reviewer=reviewer, finance=finance)

    by_hand = {
        row["人员编号"]: amount
        for row in rows
        if covers(row, MARCH) and (amount := credit_by_hand(row)) is not None
    }
    posted = Transfer.objects.filter(kind="credit").values_list("credit__person__person_number", "amount")
    assert dict(posted) == by_hand
    assert len(posted) == len(by_hand)
    assert (credits.rows, credits.amount) == (len(by_hand), sum(by_hand.values()))
    balances = Account.objects.filter(kind="person").values_list("person__person_number", "balance")
    assert dict(balances) == by_hand
    retired = sum(row["参保身份"] == "退休" and covers(row, MARCH) for row in rows)
    assert Account.objects.get(kind="pool").balance == -retired * Decimal("102.79")

    # A selection lasts to December of its year, so those of 2022 no longer count in March 2023.
    heads = Counter(
        row["选点机构代码"]
        for row in rows
        if covers(row, MARCH) and "2023-01" <= row["选点生效年月"] <= "2023-03"
    )
    prepaid = {code: half_up(Fraction(320, 12) * count * Fraction(80, 100)) for code, count in heads.items()}
    lines = Prepayment.objects.values_list("facility__code", "heads", "amount")
    assert {code: (count, amount) for code, count, amount in lines} == {
        code: (count, prepaid[code]) for code, count in heads.items()
    }
    assert prepayments.amount == sum(prepaid.values())
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []

    roll = io.BytesIO()
    write_xlsx(kind_of(credits).export(credits), roll)
    sheet = openpyxl.load_workbook(roll).active
    in_roll = {row[0]: Decimal(str(row[7])) for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert in_roll == by_hand
    assert not any(
        person.document_number in str(row) for person in Person.objects.all()[:50] for row in sheet.values
    )
