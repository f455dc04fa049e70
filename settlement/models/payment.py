"""Payment orders 支付单: what the ledger owes to one payee, on its way through the bank.

    untouched -> reviewed -> released -> in_transit -> paid
        ^ sent back -+-----------+            +-----> failed -> reissued  (by an order that names it)
    untouched, reviewed or failed -> withdrawn

A transfer into an account of what is owed stands on at most one order that was not withdrawn. The database
holds the way from state to state, that four different people take it, and that `paid` goes with the one
transfer to the bank (migration 0018).
"""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Account, Share
from facilities.models import Facility
from insured.models import Person
from office.fields import MoneyField, MonthField, first_of_month
from office.models import County, Run, Scheme, Staff
from office.sealing import blind_index, bound, seal, unseal
from settlement.models.bank_file import BankFile, numbered

ORDER_ACCOUNT = "settlement_paymentorder.account_sealed"


class Source(models.TextChoices):
    """What is paid, by the national codes of payment sources."""

    REIMBURSEMENT = "101", _("Manual reimbursement")
    CLEARING = "201", _("Clearing with facilities")
    DEPOSIT = "203", _("Quality deposit returned")
    YEAR_END = "204", _("Year-end clearing")
    CAPITATION = "206", _("Outpatient capitation")
    PREPAYMENT = "207", _("Prepayment")
    MOVED_AWAY = "301", _("Account moved to another area")
    CLOSURE = "303", _("Account paid out")


class PayeeKind(models.TextChoices):
    FACILITY = "facility", _("Facility")
    PERSON = "person", _("Person")
    AGENCY = "agency", _("Agency of another area")


class OrderState(models.TextChoices):
    UNTOUCHED = "untouched", pgettext_lazy("payment order", "To review")
    REVIEWED = "reviewed", pgettext_lazy("payment order", "To release")
    RELEASED = "released", pgettext_lazy("payment order", "Released")
    IN_TRANSIT = "in_transit", pgettext_lazy("payment order", "At the bank")
    PAID = "paid", pgettext_lazy("payment order", "Paid")
    FAILED = "failed", pgettext_lazy("payment order", "Failed at the bank")
    REISSUED = "reissued", pgettext_lazy("payment order", "Issued again")
    WITHDRAWN = "withdrawn", pgettext_lazy("payment order", "Withdrawn")


def _staff(label) -> models.ForeignKey:
    return models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=label
    )


class PaymentOrder(models.Model):
    """Money owed to one payee by one run, or by one month's purchases, in yuan.

    amount = owed - withheld - recovered: `withheld` is what the ledger has taken back of what is owed since,
    `recovered` is set against what the payee owes (deduction 30) and posted when the order is released.
    """

    number = numbered("ZF")
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    month = MonthField(_("month"))
    source = models.CharField(_("source"), max_length=3, choices=Source)
    state = models.CharField(_("state"), max_length=10, choices=OrderState, default=OrderState.UNTOUCHED)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="orders", verbose_name=_("account of what is owed")
    )
    run = models.ForeignKey(
        Run, null=True, on_delete=models.PROTECT, related_name="orders", verbose_name=_("run")
    )
    voucher_id = models.BigIntegerField(_("voucher"), null=True)
    # Of a payout with several payees: whose part it is.
    share = models.ForeignKey(
        Share, null=True, on_delete=models.PROTECT, related_name="orders", verbose_name=_("payee")
    )
    reissues = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reissued_as", verbose_name=_("takes up")
    )

    payee_kind = models.CharField(_("kind of payee"), max_length=10, choices=PayeeKind)
    facility = models.ForeignKey(
        Facility, null=True, on_delete=models.PROTECT, related_name="orders", verbose_name=_("facility")
    )
    person = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="orders", verbose_name=_("insured person")
    )
    county = models.ForeignKey(County, null=True, on_delete=models.PROTECT, verbose_name=_("county"))
    payee_name = models.CharField(_("account holder"), max_length=200, blank=True)
    bank_name = models.CharField(_("bank"), max_length=200, blank=True)
    account_index = models.BinaryField(max_length=16, null=True, editable=False)
    account_sealed = models.BinaryField(null=True, editable=False)

    owed = MoneyField(_("owed"))
    withheld = MoneyField(_("taken back since"), default=0)
    recovered = MoneyField(_("set against receivables"), default=0)
    amount = MoneyField(_("to be paid"))
    purpose = models.CharField(pgettext_lazy("payment", "purpose"), max_length=100)
    recovery_id = models.BigIntegerField(_("transfer of what was set against receivables"), null=True)

    made_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("made by")
    )
    made_at = models.DateTimeField(_("made at"), default=timezone.now)
    reviewed_by = _staff(_("reviewed by"))
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True)
    released_by = _staff(_("released by"))
    released_at = models.DateTimeField(_("released at"), null=True)
    bank_file = models.ForeignKey(
        BankFile, null=True, on_delete=models.PROTECT, related_name="orders", verbose_name=_("bank file")
    )
    paid_on = models.DateField(_("paid on"), null=True)
    payment_id = models.BigIntegerField(_("transfer to the bank"), null=True, unique=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("payment order")
        verbose_name_plural = _("payment orders")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [
            ("review_paymentorder", _("Can review payment orders")),
            ("release_paymentorder", _("Can release payment orders")),
            ("carry_paymentorder", _("Can take payment orders to the bank")),
            ("settle_paymentorder", _("Can enter what the bank returned")),
            ("show_paymentorder", _("Can open bank accounts of payment orders")),
        ]
        constraints = [
            first_of_month("month", name="order_first_of_month"),
            models.CheckConstraint(
                condition=Q(owed__gt=0, withheld__gte=0, recovered__gte=0, amount__gte=0)
                & Q(amount=F("owed") - F("withheld") - F("recovered")),
                name="order_adds_up",
            ),
            # Without bank details an order is held where it is.
            models.CheckConstraint(
                condition=Q(state__in=["untouched", "withdrawn"])
                | Q(amount=0)
                | (Q(account_sealed__isnull=False) & ~Q(payee_name="") & ~Q(bank_name="")),
                name="order_held_without_bank_account",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["untouched", "withdrawn"]) | Q(reviewed_by__isnull=False),
                name="order_reviewed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["untouched", "reviewed", "withdrawn"])
                | (Q(released_by__isnull=False) & (Q(recovered=0) | Q(recovery_id__isnull=False))),
                name="order_released_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["in_transit", "failed"]) | Q(bank_file__isnull=False),
                name="order_at_the_bank_in_a_file",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_on__isnull=False) & (Q(amount=0) | Q(payment_id__isnull=False))
                | (~Q(state="paid") & Q(paid_on__isnull=True, payment_id__isnull=True)),
                name="order_paid_by_a_transfer",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["failed", "withdrawn"]) | ~Q(reason=""),
                name="order_stopped_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(payee_kind="facility", facility__isnull=False, person__isnull=True)
                | Q(payee_kind__in=["person", "agency"], facility__isnull=True, person__isnull=False),
                name="order_payee_of_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="order_by_state"),
            models.Index(
                fields=["account"],
                condition=~Q(state__in=["paid", "reissued", "withdrawn"]),
                name="order_unpaid_of_account",
            ),
        ]

    def __str__(self):
        return self.number

    @property
    def account_number(self) -> str:
        """The payee's account in the clear, empty when there is none; raises Tampered."""
        if self.account_sealed is None:
            return ""
        return unseal(self.account_sealed, binding=bound(ORDER_ACCOUNT, self.number))

    def pay_into(self, *, name: str, bank: str, number: str) -> None:
        """Set whom the bank pays, and where."""
        self.payee_name, self.bank_name = name, bank
        self.account_index = blind_index(number, purpose="bank account") if number else None
        self.account_sealed = seal(number, binding=bound(ORDER_ACCOUNT, self.number)) if number else None

    @property
    def held(self) -> bool:
        """Whether it waits for bank details."""
        missing = not (self.payee_name and self.bank_name and self.account_sealed)
        return self.state == OrderState.UNTOUCHED and self.amount > 0 and missing


class PaymentItem(models.Model):
    """A transfer an order pays. Without a foreign key on the transfer, for the reason given there."""

    order = models.ForeignKey(
        PaymentOrder, on_delete=models.PROTECT, related_name="items", verbose_name=_("payment order")
    )
    transfer_id = models.BigIntegerField(_("transfer"))
    live = models.BooleanField(_("not withdrawn"), default=True, db_default=True)

    class Meta:
        verbose_name = _("transfer on a payment order")
        verbose_name_plural = _("transfers on payment orders")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["transfer_id"], condition=Q(live=True), name="transfer_on_one_order"
            ),
        ]
