"""`verify_books` finds every edit made behind the portal's back, and names it."""

import contextlib
from collections.abc import Iterator

import pytest
from django.db import connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper

from accounts.models import Account, BooksCheck, Transfer
from accounts.proving import prove_books
from accounts.verify import verify_books
from accounts.voucher_seals import first_broken_seal, seal_vouchers
from office import runs
from policies.month import Month
from tests.population import fund, insure, member, posted, spend
from tests.services import CITY, DATABASE, postgres


@pytest.fixture
def books(committed):
    """Two posted months of three people, the second one reversed; four vouchers, all but the last sealed."""
    clerk, reviewer = member("clerk"), member("reviewer")
    people = [insure(), insure(status="retired", base=None, group="enterprise"), insure(base="4000.10")]
    for month in (Month(2023, 3), Month(2023, 4)):
        run = runs.prepare(kind="credit", scheme="310", period=month, by=clerk, origin="page")
        runs.compute(run.pk)
        run.refresh_from_db()
        posted(run)
    posted(runs.reverse(run, by=reviewer, origin="page", reason="trial"))
    for number, person in enumerate(people):
        fund(person, f"{10 + number}.00")
    check = prove_books(origin="schedule")
    assert check.wrong == 0, [finding for finding in check.findings if finding["wrong"]]
    spend(people[0], "5.00")


def wrong() -> list[str]:
    return [finding.wrong for finding in verify_books() if finding.wrong]


def test_untouched_books_are_clean_and_a_night_is_kept(books):
    assert wrong() == []
    check = prove_books(origin="schedule")
    assert (check.wrong, len(check.findings)) == (0, 24)
    assert check.voucher_seal != BooksCheck.objects.order_by("pk")[0].voucher_seal
    assert seal_vouchers() is None
    assert first_broken_seal() == ""


@contextlib.contextmanager
def as_superuser():
    """The portal's code at work with the server's superuser behind it, whom nothing keeps."""
    parts = connections["default"].settings_dict
    told = dict(pair.split("=", 1) for pair in postgres.conninfo(database=DATABASE).split())
    mine = DatabaseWrapper(
        parts
        | {
            "USER": told["user"],
            "PASSWORD": told.get("password", ""),
            "HOST": told["host"],
            "PORT": told.get("port", ""),
        }
    )
    portal, connections["default"] = connections["default"], mine
    try:
        with mine.cursor() as cursor:
            cursor.execute("set role none")
            cursor.execute(f"set search_path = c{CITY}, ext")
            cursor.execute("set session_replication_role = replica")
            yield cursor
    finally:
        connections["default"] = portal
        mine.close()


# What is changed, of which row, and what must be said of it. `{first}` is the first credit, `{own}` the
# account it went to, `{back}` the first reversal, `{origin}` what that reverses, `{used}` the transfer of the
# last voucher.
CHANGES = [
    (
        "accounts_transfer",
        "id = {first}",
        {
            "amount = amount + 1": "transfer {first}",
            "debit_id = {pool}": "transfer {first}",
            "credit_id = {pool}": "transfer {first}",
            "kind = 'supplement'": "transfer {first}",
            "month = '2023-02-01'": "transfer {first} of 2023-02",
            "covers = '2022-12-01'": "transfer {first}",
            "attempt = 3": "transfer {first}",
            "run_id = 99": "transfer {first}: run 99 is not there",
            "run_id = 2": "transfer {first}",
            "chunk = 5": "run 1, chunk 0",
            "created_at = created_at - interval '1 second'": "transfer {first}",
        },
    ),
    (
        "accounts_transfer",
        "run_id = 1",
        {
            "created_at = created_at - interval '1 s'": "run 1, chunk 0",
        },
    ),
    (
        "accounts_transfer",
        "id = {back}",
        {
            "reverses_id = {first}": "transfer {back} reverses {first}",
            "credit_id = debit_id, debit_id = credit_id": "transfer {back}",
        },
    ),
    (
        "accounts_transfer",
        "id = {origin}",
        {
            "id = 9999": "transfer {back} reverses",
        },
    ),
    (
        "accounts_transfer",
        "id = {used}",
        {
            "amount = amount + 1": "voucher 4: its transfers (first {used})",
            "kind = 'family'": "voucher 4: its transfers (first {used})",
            "covers = '2022-12-01'": "voucher 4",
            "month = '2022-12-01'": "transfer {used} of 2022-12: voucher 4",
            "attempt = 1": "voucher 4",
            "chunk = 1": "voucher 4",
            "created_at = now()": "voucher 4",
            "voucher_id = 3": "voucher 3",
            "voucher_id = 99": "voucher 4: its transfers are not there",
            "voucher_id = null, run_id = 1, chunk = 0": "transfer {used}",
        },
    ),
    (
        "accounts_transfer",
        "voucher_id in (1, 2)",
        {
            "voucher_id = case voucher_id when 1 then 2 else 1 end": "voucher 1",
        },
    ),
    (
        "accounts_account",
        "id = {own}",
        {
            "balance = balance + 0.01": "account {own} ",
            "scheme = '390'": "account {own} ",
            "kind = 'owed'": "account {own} ",
            "opened_on = '2099-01-01'": "account {own} ",
            "opened_on = opened_on - 1": "account seal 1",
            "balance = 0, closed_on = '2023-01-01'": "account {own}: closed on 2023-01-01",
        },
    ),
    (
        "accounts_account",
        "kind = 'contribution'",
        {
            "kind = 'losses'": "monthly credits",
        },
    ),
    (
        "accounts_runline",
        "run_id = 1 and credit_id = {own}",
        {
            "amount = amount + 1": "run 1, chunk 0",
            "debit_id = {pool}": "first transfer {first}",
            "credit_id = {other}": "run 1, chunk 0",
            "kind = 'supplement'": "run 1, chunk 0",
            "covers = '2023-01-01'": "run 1, chunk 0",
            "attempt = 2": "run 1, chunk 0",
            "chunk = 7": "run 1, chunk 0",
            "run_id = 2": "run 1, chunk 0",
            "id = 9999": "run 1, chunk 0",
            "status = 'flexible'": "run 1: its totals by status",
            "base = 7000": "with a base of 7000.00",
            "standard = '3%'": "is not what the rules give",
        },
    ),
    (
        "accounts_runline",
        "run_id = 3",
        {
            "reverses_id = {first}": "run 3, chunk 0",
        },
    ),
    (
        "accounts_runline",
        "run_id = 1",
        {
            "county_id = (select max(id) from office_county)": "run 1: its totals by county",
        },
    ),
    (
        "office_runchunk",
        "run_id = 1",
        {
            "rows = rows + 1": "run 1, chunk 0",
            "amount = amount + 1": "run 1, chunk 0",
            "digest = md5('x')": "run 1, chunk 0",
            "posted_digest = md5('x')": "run 1, chunk 0",
            "posted_at = posted_at - interval '1 s'": "run 1, chunk 0: its transfers were not",
            "posted_at = null": "run 1, chunk 0: its transfers were not",
            "first_line = 0": "run 1, chunk 0",
            "last_line = 99": "run 1, chunk 0",
            "number = 4": "run 1, chunk 0",
        },
    ),
    (
        "office_run",
        "id = 1",
        {
            "amount = 0": "run 1: 3 rows, 0.00",
            "rows = 4": "run 1: 4 rows",
            "totals = '{{}}'": "run 1: its totals by county",
            "input_hash = 'x'": "run 1: seal 1 does not match",
            "period = '2023-05-01'": "run 1: seal 1 does not match",
            "scheme = '390'": "run 1: seal 1 does not match",
            "attempt = 1": "run 1: seal 1 does not match",
            "kind = 'prepayment'": "run 1: seal 1 does not match",
            "booked_in = '2023-02-01'": "run 1 is booked in 2023-02",
            "seal = md5('x')": "run 1: seal 1 does not match",
            "state = 'reversed'": "run 1 is reversed, its reversal is not there",
        },
    ),
    (
        "office_run",
        "seal_number = 3",
        {
            "seal_number = 7": "run 3: seal number 7 follows 2",
        },
    ),
    (
        "office_run",
        "id = 2",
        {
            "state = 'posted'": "run 2 is posted, its reversal run 3",
        },
    ),
    (
        "office_run",
        "id = 3",
        {
            "reverses_id = 1": "transfer {back}",
            "seal = '', seal_number = null, state = 'posting'": "the last seal of a run noted by check 1",
        },
    ),
    (
        "office_policyversion",
        "scheme = '310'",
        {
            "document = document || ' '": "policy version",
        },
    ),
    (
        "accounts_voucher",
        "id = 4",
        {
            "digest = md5('x')": "voucher 4: its transfers",
            "rows = 2": "voucher 4: it says 2 rows",
            "amount = 6": "voucher 4: it says 1 rows, 6.00",
            "month = '2022-01-01'": "voucher 4 is booked in 2022-01",
            "posted_at = now()": "voucher 4",
            "scheme = '390'": "account ",
            "source_id = 999": "voucher 4: insured.person 999 is not there",
            "source = 'insured.nothing'": "voucher 4: insured.nothing",
        },
    ),
    (
        "accounts_voucher",
        "id = 1",
        {
            "source_id = 2": "voucher seal 1: vouchers 1 to 3",
            "origin = 'schedule'": "voucher seal 1: vouchers 1 to 3",
            "posted_by_id = 1": "voucher seal 1: vouchers 1 to 3",
        },
    ),
    (
        "accounts_voucherseal",
        "true",
        {
            "count = 2": "voucher seal 1",
            "digest = md5('x')": "voucher seal 1",
            "last_voucher = 2": "voucher seal 1",
            "previous = 'x'": "voucher seal 1 does not follow",
            "number = 2": "voucher seal 2 does not follow",
        },
    ),
]
# The same of statements that are more than one change: rows taken out, slipped in, exchanged.
STATEMENTS = {
    "update accounts_transfer set month = '2023-02-01' where run_id = 1; update office_run set "
    "booked_in = '2023-02-01' where id = 1": "run 1, chunk 0",
    "delete from accounts_transfer where id = {first}": "account ",
    "delete from accounts_transfer where id = {used}": "voucher 4: its transfers are not there",
    "delete from accounts_transfer where run_id = 1;"
    " update accounts_account set balance = 0": "run 1, chunk 0",
    "insert into accounts_transfer (debit_id, credit_id, amount, kind, month, covers, attempt, "
    "run_id, chunk, created_at) select debit_id, credit_id, amount, kind, month, covers, 9, "
    "run_id, chunk, created_at from accounts_transfer where id = {first}; update accounts_account "
    "set balance = balance + 100 where id = {own}; update accounts_account set balance = balance "
    "- 100 where kind = 'contribution'": "account {own}: 2023-03 credited 2",
    "insert into accounts_transfer (debit_id, credit_id, amount, kind, month, covers, attempt, "
    "voucher_id, created_at) select debit_id, credit_id, amount, kind, month, covers, 0, 88, "
    "created_at from accounts_transfer where id = {used}; update accounts_account set balance = "
    "balance - 5 where id = {own}; update accounts_account set balance = balance + 5 where kind = "
    "'bank'": "voucher 88 is not there",
    "update accounts_transfer one set amount = other.amount from accounts_transfer other where "
    "one.id in ({first}, {first} + 2) and other.id in ({first}, {first} + 2) and one.id <> "
    "other.id": "transfer {first}",
    "update accounts_account set balance = balance + 1 where id = {own}; update accounts_account "
    "set balance = balance - 1 where id = {other}": "account {own} ",
    "alter table accounts_account drop constraint account_person_not_negative; update "
    "accounts_account set balance = -1 where id = {own}": "account {own}: balance -1.00",
    "delete from accounts_account where id = {own}": "account {own} (unknown)",
    "delete from accounts_runline where run_id = 1 and credit_id = {own}": "first transfer {first}",
    "insert into accounts_runline (run_id, chunk, debit_id, credit_id, amount, kind, covers) "
    "select run_id, chunk, debit_id, credit_id, amount, kind, covers from accounts_runline where "
    "run_id = 1 limit 1": "run 1, chunk 0",
    "delete from office_runchunk where run_id = 1": "run 1, chunk 0",
    "delete from accounts_voucher where id = 4": "voucher 4 is not there: transfer {used}",
    "delete from accounts_transfer where voucher_id = 2; delete from accounts_voucher where id = "
    "2; update accounts_account set balance = 0": "voucher seal 1: vouchers 1 to 3",
    "delete from accounts_voucherseal": "the last seal of vouchers noted by check 1",
    "delete from accounts_accountseal": "the last seal of accounts noted by check 1",
    "update accounts_accountseal set previous = 'x'": "account seal 1 does not follow",
    "drop index account_of_person_once; update accounts_account one set person_id = other.person_id "
    "from accounts_account other where one.id in ({own}, {other}) and other.id in ({own}, {other}) "
    "and one.id <> other.id": "account seal 1: accounts 1 to ",
}


def tamperings() -> Iterator[tuple[str, str]]:
    for table, where, changes in CHANGES:
        for change, named in changes.items():
            yield f"update {table} set {change} where {where}", named
    yield from STATEMENTS.items()


def test_every_tampering_is_found_and_named(books):
    first = Transfer.objects.order_by("id")[0]
    back = Transfer.objects.filter(kind="reversal").order_by("id")[0]
    fill = {
        "first": first.pk,
        "own": first.credit_id,
        "other": Account.objects.filter(kind="person").exclude(pk=first.credit_id).order_by("-pk")[0].pk,
        "pool": Account.objects.get(kind="pool").pk,
        "back": back.pk,
        "origin": back.reverses_id,
        "used": Transfer.objects.order_by("-id")[0].pk,
    }
    missed = {}
    with as_superuser() as cursor:
        for tampering, named in tamperings():
            with transaction.atomic():
                cursor.execute(tampering.format(**fill))
                found = wrong()
                transaction.set_rollback(True)
            if not any(named.format(**fill) in text for text in found):
                missed[tampering] = found
    assert not missed
    assert wrong() == []
