"""`verify_books` finds every edit made behind the portal's back, and names it."""

import pytest

from accounts.models import Transfer
from accounts.verify import verify_books
from office import runs
from policies.month import Month
from tests.population import insure, member, posted


@pytest.fixture
def books(committed):
    """Two posted months of three people, the second one reversed."""
    clerk, reviewer = member("clerk"), member("reviewer")
    for _number in range(3):
        insure()
    for month in (Month(2023, 3), Month(2023, 4)):
        run = runs.prepare(kind="credit", scheme="310", period=month, by=clerk, origin="page")
        runs.compute(run.pk)
        run.refresh_from_db()
        posted(run)
    posted(runs.reverse(run, by=reviewer, origin="page", reason="trial"))


def wrong() -> list[str]:
    return [finding.wrong for finding in verify_books() if finding.wrong]


def test_untouched_books_are_clean(books):
    assert wrong() == []


@pytest.mark.parametrize(
    ("tampering", "named"),
    [
        ("update accounts_account set balance = balance + 0.01 where id = {account}", "account {account} "),
        ("update accounts_transfer set amount = amount + 1 where id = {transfer}", "account "),
        ("delete from accounts_transfer where id = {transfer}", "account "),
        (
            "insert into accounts_transfer"
            " (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, created_at)"
            " select debit_id, credit_id, amount, kind, month, covers, 9, run_id, now()"
            " from accounts_transfer where id = {transfer};"
            " update accounts_account set balance = balance + 100 where id = {account};"
            " update accounts_account set balance = balance - 100 where kind = 'contribution'",
            "account {account}: 2023-03 credited 2 times",
        ),
        (
            "update accounts_transfer set credit_id = debit_id, debit_id = credit_id"
            " where id = (select min(id) from accounts_transfer where kind = 'reversal')",
            "account ",
        ),
        ("update accounts_transfer set run_id = 99 where id = {transfer}", "run 99 is not there"),
        ("update accounts_transfer set covers = '2022-12-01' where id = {transfer}", "run 1, chunk 0"),
        ("update office_run set amount = 0 where id = 1", "run 1: 3 rows, 0.00"),
        ("update office_run set input_hash = 'x' where id = 2", "run 2: seal 2 does not match"),
        ("delete from office_runevent; delete from office_runchunk where run_id = 1", "run 1, chunk 0"),
        ("update office_run set seal_number = 7 where seal_number = 3", "seal number 7 follows 2"),
    ],
)
def test_tampering_is_found_and_named(books, administrator, tampering, named):
    transfer = Transfer.objects.order_by("id").first()
    fill = {"transfer": transfer.pk, "account": transfer.credit_id}
    administrator.execute("set session_replication_role = replica")
    administrator.execute(tampering.format(**fill))
    found = wrong()
    assert any(named.format(**fill) in text for text in found), found
