"""Closing and spending at the same moment: one order, nothing below zero, nothing after it."""

import threading
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from accounts import applications
from accounts.applications import Payee
from accounts.models import Account, Transfer
from accounts.verify import verify_books
from accounts.vouchers import account_of
from tests.accounts.test_applications import CARD, EMIGRATION
from tests.population import fund, insure, member, spend

SPENDERS = 6


def test_closing_races_spending(committed, administrator):
    clerk, reviewer, finance = member("clerk"), member("reviewer"), member("finance_accountant")
    person = insure(first="2023-01", last="2023-06")
    fund(person, "100.00")
    account = account_of(person, scheme="310")
    account_of(None, scheme="310", kind="bank")
    asked = applications.apply(
        account,
        kind="emigration",
        way="person",
        evidence=EMIGRATION,
        payees=[Payee(name=person.name, bank_name="工商银行", bank_account=CARD)],
        by=clerk,
    )
    applications.sign(asked, by=reviewer)
    start, spent, done, refused = threading.Barrier(SPENDERS + 2), [], [], []

    def spends():
        start.wait()
        try:
            spend(person, "7.00")
            spent.append(Decimal("7.00"))
        except IntegrityError:
            pass
        finally:
            connection.close()

    def releases():
        start.wait()
        try:
            done.append(applications.sign(asked, by=finance))
        except Exception as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=each) for each in [spends] * SPENDERS + [releases] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [closing] = done
    # In words: who releases has waited, and never meets what only the database refuses.
    assert [type(error) for error in refused] == [ValidationError]
    own = Account.objects.get(pk=account.pk)
    assert (own.balance, own.closed_on) == (0, closing.done_on)
    assert closing.paid == Decimal("100.00") - sum(spent)
    last = Transfer.objects.filter(debit=account).order_by("-id").first()
    assert last.kind == "payout"
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []

    administrator.execute("set session_replication_role = replica")
    bank = Account.objects.get(kind="bank")
    for debit, credit in ((bank.pk, account.pk), (account.pk, bank.pk)):
        administrator.execute(
            "insert into accounts_transfer"
            " (debit_id, credit_id, amount, kind, month, covers, attempt, voucher_id, created_at)"
            " select %s, %s, 1, 'spending', month, covers, 0, voucher_id + 1000, now()"
            " from accounts_transfer where id = %s",
            [debit, credit, last.pk],
        )
    wrong = [finding.wrong for finding in verify_books() if finding.wrong]
    assert any(f"account {account.pk} was closed on" in told for told in wrong)
