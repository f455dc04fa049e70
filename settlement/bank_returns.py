"""The bank's return file 银行回盘: which orders were paid, and on which day, and which failed and why.

What was paid is posted, the account of what is owed against the bank, in the month of the day it was paid or
the first that is open after it; what failed stays owed until the order is issued again.
"""

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from office.layouts import AMOUNT, DAY, Check, Column, Layout, Step, choice, code, text
from office.models import Staff
from office.periods import closed_through


def values(parameters: dict) -> dict:
    closed = closed_through()
    return {"today": timezone.localdate(), "first_open": closed and (closed + 1).first_day}


def take_back(import_id: int, *, by: Staff | None, reason: str) -> None:
    raise ValidationError(
        _("What a bank has paid is not taken back here: money that comes back is recovered.")
    )


BANK_RETURNS = Layout(
    name="bank_returns",
    label=gettext_noop("Bank returns"),
    permission="settlement.settle_paymentorder",
    columns=(
        Column("order_number", "支付单号", code(20, upper=True), required=True, example="ZF0000000001"),
        Column(
            "result",
            "结果",
            choice({"paid": ("成功",), "failed": ("失败",)}),
            required=True,
        ),
        Column("failure", "失败原因", text(200), about=gettext_noop("for a payment that failed")),
        Column(
            "paid_on",
            "支付日期",
            DAY,
            about=gettext_noop("the day the bank paid; left empty it is the day the file is brought in"),
        ),
        Column("amount", "金额", AMOUNT, about=gettext_noop("compared with the order where it is given")),
    ),
    facts="settlement/bank_returns_facts",
    checks=(
        Check(
            name="unknown_order",
            column="order_number",
            when="order_id is null and order_number is not null",
            message=gettext_noop("there is no payment order with the number “%(cell)s”"),
        ),
        Check(
            name="returned_twice",
            column="order_number",
            when="twice is not null",
            message=gettext_noop("rows %(value)s are for the same payment order"),
            value="twice",
        ),
        Check(
            name="paid_already",
            column="order_number",
            when="state = 'paid'",
            message=gettext_noop("this payment order was paid on %(value)s"),
            value="old_paid_on",
        ),
        Check(
            name="failed_already",
            column="order_number",
            when="state in ('failed', 'reissued')",
            message=gettext_noop("this payment order has failed already: its money goes with another order"),
        ),
        Check(
            name="not_at_the_bank",
            column="order_number",
            when="state not in ('paid', 'failed', 'reissued') and not (state = 'in_transit' and taken)",
            message=gettext_noop("this payment order has not been taken to the bank"),
        ),
        Check(
            name="other_amount",
            column="amount",
            when="order_id is not null and amount <> order_amount",
            message=gettext_noop("“%(cell)s” is not the amount of the order, %(value)s"),
            value="order_amount",
        ),
        Check(
            name="failed_without_reason",
            column="failure",
            when="result = 'failed' and failure is null",
            message=gettext_noop("a payment that failed needs the bank's reason"),
        ),
        Check(
            name="paid_in_the_future",
            column="paid_on",
            when="paid_on > %(today)s",
            message=gettext_noop("“%(cell)s” is still to come"),
        ),
        Check(
            name="paid_before_it_was_taken",
            column="paid_on",
            when="result = 'paid' and paid_on < taken_on",
            message=gettext_noop("“%(cell)s” is before the file was taken to the bank on %(value)s"),
            value="taken_on",
        ),
    ),
    county="county_code",
    # The bank's account is the city's.
    kept_by=("0::bigint",),
    values=values,
    take_back=take_back,
    steps=(
        Step(statement="settlement/bank_returns_failed", rows="result = 'failed'"),
        Step(statement="settlement/bank_returns_posted"),
        Step(statement="settlement/bank_returns_paid", rows="result = 'paid'"),
    ),
)
