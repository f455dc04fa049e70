"""`verify_books` finds every edit made behind the portal's back, and names it."""

import contextlib

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
    assert (check.wrong, len(check.findings)) == (0, 18)
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


# What is done, and what must be said of it. `{first}` is the first credit, `{own}` the account it went to,
# `{back}` the first reversal, `{used}` the transfer of the last voucher, `{brought}` that of the first.
TAMPERINGS = {
    # transfers, column by column
    "update accounts_transfer set amount = amount + 1 where id = {first}": "transfer {first}",
    "update accounts_transfer set debit_id = {pool} where id = {first}": "transfer {first}",
    "update accounts_transfer set credit_id = {pool} where id = {first}": "transfer {first}",
    "update accounts_transfer set kind = 'supplement' where id = {first}": "transfer {first}",
    "update accounts_transfer set month = '2023-02-01' where id = {first}": "transfer {first} of 2023-02",
    "update accounts_transfer set covers = '2022-12-01' where id = {first}": "transfer {first}",
    "update accounts_transfer set attempt = 3 where id = {first}": "transfer {first}",
    "update accounts_transfer set run_id = 99 where id = {first}": "transfer {first}: run 99 is not there",
    "update accounts_transfer set run_id = 2 where id = {first}": "transfer {first}",
    "update accounts_transfer set chunk = 5 where id = {first}": "run 1, chunk 0",
    "update accounts_transfer set created_at = created_at - interval '1 second' where id = {first}": "transfer {first}",
    "update accounts_transfer set created_at = created_at - interval '1 s' where run_id = 1": "run 1, chunk 0",
    "update accounts_transfer set month = '2023-02-01' where run_id = 1;"
    " update office_run set booked_in = '2023-02-01' where id = 1": "run 1, chunk 0",
    "update accounts_transfer set reverses_id = {first} where id = {back}": "transfer {back} reverses {first}",
    "update accounts_transfer set id = 9999 where id = {origin}": "transfer {back} reverses",
    "update accounts_transfer set credit_id = debit_id, debit_id = credit_id where id = {back}": "transfer {back}",
    "update accounts_transfer set amount = amount + 1 where id = {used}": "voucher 4: its transfers (first {used})",
    "update accounts_transfer set kind = 'family' where id = {used}": "voucher 4: its transfers (first {used})",
    "update accounts_transfer set covers = '2022-12-01' where id = {used}": "voucher 4",
    "update accounts_transfer set month = '2022-12-01' where id = {used}": "transfer {used} of 2022-12: voucher 4",
    "update accounts_transfer set attempt = 1 where id = {used}": "voucher 4",
    "update accounts_transfer set chunk = 1 where id = {used}": "voucher 4",
    "update accounts_transfer set created_at = now() where id = {used}": "voucher 4",
    "update accounts_transfer set voucher_id = 3 where id = {used}": "voucher 3",
    "update accounts_transfer set voucher_id = 99 where id = {used}": "voucher 4: its transfers are not there",
    "update accounts_transfer set voucher_id = null, run_id = 1, chunk = 0 where id = {used}": "transfer {used}",
    # taken out, slipped in, exchanged
    "delete from accounts_transfer where id = {first}": "account ",
    "delete from accounts_transfer where id = {used}": "voucher 4: its transfers are not there",
    "delete from accounts_transfer where run_id = 1; update accounts_account set balance = 0": "run 1, chunk 0",
    "insert into accounts_transfer (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, chunk,"
    " created_at) select debit_id, credit_id, amount, kind, month, covers, 9, run_id, chunk, created_at"
    " from accounts_transfer where id = {first};"
    " update accounts_account set balance = balance + 100 where id = {own};"
    " update accounts_account set balance = balance - 100 where kind = 'contribution'": "account {own}: 2023-03 credited 2",
    "insert into accounts_transfer (debit_id, credit_id, amount, kind, month, covers, attempt, voucher_id,"
    " created_at) select debit_id, credit_id, amount, kind, month, covers, 0, 88, created_at"
    " from accounts_transfer where id = {used};"
    " update accounts_account set balance = balance - 5 where id = {own};"
    " update accounts_account set balance = balance + 5 where kind = 'bank'": "voucher 88 is not there",
    "update accounts_transfer set voucher_id = case voucher_id when 1 then 2 else 1 end where voucher_id in (1, 2)": "voucher 1",
    "update accounts_transfer one set amount = other.amount from accounts_transfer other"
    " where one.id in ({first}, {first} + 2) and other.id in ({first}, {first} + 2) and one.id <> other.id": "transfer {first}",
    # accounts
    "update accounts_account set balance = balance + 0.01 where id = {own}": "account {own} ",
    "update accounts_account set balance = balance + 1 where id = {own};"
    " update accounts_account set balance = balance - 1 where id = {other}": "account {own} ",
    "alter table accounts_account drop constraint account_person_not_negative;"
    " update accounts_account set balance = -1 where id = {own}": "account {own}: balance -1.00",
    "update accounts_account set scheme = '390' where id = {own}": "account {own} ",
    "update accounts_account set kind = 'owed' where id = {own}": "account {own} ",
    "update accounts_account set kind = 'losses' where kind = 'contribution'": "monthly credits",
    "update accounts_account set opened_on = '2099-01-01' where id = {own}": "account {own} ",
    "delete from accounts_account where id = {own}": "account {own} (unknown)",
    # lines
    "update accounts_runline set amount = amount + 1 where run_id = 1 and credit_id = {own}": "run 1, chunk 0",
    "update accounts_runline set debit_id = {pool} where run_id = 1 and credit_id = {own}": "first transfer {first}",
    "update accounts_runline set credit_id = {other} where run_id = 1 and credit_id = {own}": "run 1, chunk 0",
    "update accounts_runline set kind = 'supplement' where run_id = 1 and credit_id = {own}": "run 1, chunk 0",
    "update accounts_runline set covers = '2023-01-01' where run_id = 1 and credit_id = {own}": "run 1, chunk 0",
    "update accounts_runline set attempt = 2 where run_id = 1 and credit_id = {own}": "run 1, chunk 0",
    "update accounts_runline set chunk = 7 where run_id = 1 and credit_id = {own}": "run 1, chunk 0",
    "update accounts_runline set run_id = 2 where run_id = 1 and credit_id = {own}": "run 1, chunk 0",
    "update accounts_runline set id = 9999 where run_id = 1 and credit_id = {own}": "run 1, chunk 0",
    "update accounts_runline set reverses_id = {first} where run_id = 3": "run 3, chunk 0",
    "update accounts_runline set county_id = (select max(id) from office_county) where run_id = 1": "run 1: its totals by county",
    "update accounts_runline set status = 'flexible' where run_id = 1 and credit_id = {own}": "run 1: its totals by status",
    "update accounts_runline set base = 7000 where run_id = 1 and credit_id = {own}": "with a base of 7000.00",
    "update accounts_runline set standard = '3%' where run_id = 1 and credit_id = {own}": "is not what the rules give",
    "delete from accounts_runline where run_id = 1 and credit_id = {own}": "first transfer {first}",
    "insert into accounts_runline (run_id, chunk, debit_id, credit_id, amount, kind, covers)"
    " select run_id, chunk, debit_id, credit_id, amount, kind, covers from accounts_runline where run_id = 1 limit 1": "run 1, chunk 0",
    # chunks
    "update office_runchunk set rows = rows + 1 where run_id = 1": "run 1, chunk 0",
    "update office_runchunk set amount = amount + 1 where run_id = 1": "run 1, chunk 0",
    "update office_runchunk set digest = md5('x') where run_id = 1": "run 1, chunk 0",
    "update office_runchunk set posted_digest = md5('x') where run_id = 1": "run 1, chunk 0",
    "update office_runchunk set first_line = 0 where run_id = 1": "run 1, chunk 0",
    "update office_runchunk set last_line = 99 where run_id = 1": "run 1, chunk 0",
    "update office_runchunk set number = 4 where run_id = 1": "run 1, chunk 0",
    "delete from office_runchunk where run_id = 1": "run 1, chunk 0",
    # runs and their seals
    "update office_run set amount = 0 where id = 1": "run 1: 3 rows, 0.00",
    "update office_run set rows = 4 where id = 1": "run 1: 4 rows",
    "update office_run set totals = '{{}}' where id = 1": "run 1: its totals by county",
    "update office_run set input_hash = 'x' where id = 1": "run 1: seal 1 does not match",
    "update office_run set period = '2023-05-01' where id = 1": "run 1: seal 1 does not match",
    "update office_run set scheme = '390' where id = 1": "run 1: seal 1 does not match",
    "update office_run set attempt = 1 where id = 1": "run 1: seal 1 does not match",
    "update office_run set kind = 'prepayment' where id = 1": "run 1: seal 1 does not match",
    "update office_run set booked_in = '2023-02-01' where id = 1": "run 1 is booked in 2023-02",
    "update office_run set seal = md5('x') where id = 1": "run 1: seal 1 does not match",
    "update office_run set seal_number = 7 where seal_number = 3": "run 3: seal number 7 follows 2",
    "update office_run set state = 'posted' where id = 2": "run 2 is posted, its reversal run 3",
    "update office_run set state = 'reversed' where id = 1": "run 1 is reversed, its reversal is not there",
    "update office_run set reverses_id = 1 where id = 3": "transfer {back}",
    "update office_run set seal = '', seal_number = null, state = 'posting' where id = 3": "the last seal of a run noted by check 1",
    "update office_policyversion set document = document || ' ' where scheme = '310'": "policy version",
    # vouchers and their seals
    "update accounts_voucher set digest = md5('x') where id = 4": "voucher 4: its transfers",
    "update accounts_voucher set rows = 2 where id = 4": "voucher 4: it says 2 rows",
    "update accounts_voucher set amount = 6 where id = 4": "voucher 4: it says 1 rows, 6.00",
    "update accounts_voucher set month = '2022-01-01' where id = 4": "voucher 4 is booked in 2022-01",
    "update accounts_voucher set posted_at = now() where id = 4": "voucher 4",
    "update accounts_voucher set scheme = '390' where id = 4": "account ",
    "update accounts_voucher set source_id = 999 where id = 4": "voucher 4: insured.person 999 is not there",
    "update accounts_voucher set source = 'insured.nothing' where id = 4": "voucher 4: insured.nothing",
    "update accounts_voucher set source_id = 2 where id = 1": "voucher seal 1: vouchers 1 to 3",
    "update accounts_voucher set origin = 'schedule' where id = 1": "voucher seal 1: vouchers 1 to 3",
    "update accounts_voucher set posted_by_id = 1 where id = 1": "voucher seal 1: vouchers 1 to 3",
    "delete from accounts_voucher where id = 4": "voucher 4 is not there: transfer {used}",
    "delete from accounts_transfer where voucher_id = 2; delete from accounts_voucher where id = 2;"
    " update accounts_account set balance = 0": "voucher seal 1: vouchers 1 to 3",
    "update accounts_voucherseal set count = 2": "voucher seal 1",
    "update accounts_voucherseal set digest = md5('x')": "voucher seal 1",
    "update accounts_voucherseal set last_voucher = 2": "voucher seal 1",
    "update accounts_voucherseal set previous = 'x'": "voucher seal 1 does not follow",
    "update accounts_voucherseal set number = 2": "voucher seal 2 does not follow",
    "delete from accounts_voucherseal": "the last seal of vouchers noted by check 1",
}


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
        for tampering, named in TAMPERINGS.items():
            with transaction.atomic():
                cursor.execute(tampering.format(**fill))
                found = wrong()
                transaction.set_rollback(True)
            if not any(named.format(**fill) in text for text in found):
                missed[tampering] = found
    assert not missed
    assert wrong() == []
