"""Applications 个人账户业务申请: what is asked for an account outside runs, and who has agreed.

An account is paid out, moved to another area or inherited, money comes in from another area, or one of these
is undone. A clerk applies, others sign the steps of the chain (`accounts_chain`, migration 0021): the
database works out anew what each signature was given for, and lets nothing be done without all of them.
"""

import secrets

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.ledger import Account
from insured.models import Employer
from office.fields import MoneyField
from office.models import PolicyVersion, Staff, StepKind
from office.sealing import blind_index, bound, seal, unseal

SHARE_ACCOUNT = "accounts_share.bank_account_sealed"


class Way(models.TextChoices):
    """Where the money goes, or where it comes from."""

    PERSON = "person", _("To the person's bank account")
    HEIRS = "heirs", _("To bank accounts of heirs")
    HEIR_ACCOUNTS = "heir_accounts", _("To personal accounts of heirs")
    EMPLOYER = "employer", _("To the employer's bank account")
    AGENCY = "agency", _("To the agency of another area")
    NOBODY = "nobody", _("Nowhere: it stays usable")
    TAKEN_IN = "taken_in", _("From the agency of another area")
    UNDOING = "undoing", _("What was done is undone")


# Where money is paid into a bank account.
BY_BANK = (Way.PERSON, Way.HEIRS, Way.EMPLOYER, Way.AGENCY)


class ApplicationState(models.TextChoices):
    APPLIED = "applied", pgettext_lazy("application", "Applied for")
    REVIEWED = "reviewed", pgettext_lazy("application", "Reviewed")
    RETURNED = "returned", pgettext_lazy("application", "Sent back")
    DONE = "done", pgettext_lazy("application", "Done")
    CANCELLED = "cancelled", pgettext_lazy("application", "Cancelled")
    UNDONE = "undone", pgettext_lazy("application", "Undone")


OPEN = (ApplicationState.APPLIED, ApplicationState.REVIEWED, ApplicationState.RETURNED)


class Application(models.Model):
    """`kind` is the code of one of the pack's payouts, or of `applications.OWN_KINDS`; amounts are yuan.

    `evidence` lists the documents shown: {"code", "number", "day"}. `area`, `area_code` and `document` say
    where a move leads to or comes from. The figures are those of the day it was done.
    """

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="applications", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=40)
    policy = models.ForeignKey(
        PolicyVersion,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("rules"),
    )
    way = models.CharField(pgettext_lazy("money", "way"), max_length=13, choices=Way)
    closes = models.BooleanField(_("closes the account"), default=False)
    recover_from = models.ForeignKey(
        Employer,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("employer who owes what cannot be deducted"),
    )
    area = models.CharField(_("other pooling area"), max_length=100, blank=True)
    area_code = models.CharField(_("division code"), max_length=6, blank=True)
    document = models.CharField(_("number of the transfer document"), max_length=60, blank=True)
    amount = MoneyField(_("amount brought in"), null=True)
    evidence = models.JSONField(_("evidence"), default=list)
    reverses = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="undoings",
        verbose_name=_("undoes"),
    )
    state = models.CharField(
        _("state"), max_length=9, choices=ApplicationState, default=ApplicationState.APPLIED
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    applied_by = models.ForeignKey(
        Staff,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=pgettext_lazy("application", "applied by"),
    )
    applied_at = models.DateTimeField(pgettext_lazy("application", "applied at"))
    balance = MoneyField(_("balance"), null=True)
    interest = MoneyField(_("interest"), null=True)
    deducted = MoneyField(_("credited too much"), null=True)
    receivable = MoneyField(_("to be recovered"), null=True)
    paid = MoneyField(_("paid out"), null=True)
    done_on = models.DateField(_("done on"), null=True)

    class Meta:
        verbose_name = _("account application")
        verbose_name_plural = _("account applications")
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=OPEN),
                name="application_open_once",
                violation_error_message=_("There is an open application for this account already."),
            ),
            models.UniqueConstraint(
                fields=["area_code", "document"],
                condition=Q(way="taken_in") & ~Q(state__in=["cancelled", "undone"]),
                name="application_transfer_in_once",
                violation_error_message=_("This document of that area is entered already."),
            ),
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(reverses__isnull=False) & ~Q(state="cancelled"),
                name="application_undone_once",
            ),
            models.CheckConstraint(
                condition=Q(way="taken_in", amount__gt=0, document__gt="", area_code__gt="")
                | (~Q(way="taken_in") & Q(amount__isnull=True)),
                name="application_transfer_in_says_where_from",
            ),
            models.CheckConstraint(
                condition=Q(way="undoing", reverses__isnull=False, closes=False)
                | (~Q(way="undoing") & Q(reverses__isnull=True)),
                name="application_undoing_names_what",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "undone"], done_on__isnull=False)
                | (~Q(state__in=["done", "undone"]) & Q(done_on__isnull=True)),
                name="application_done_has_its_day",
            ),
            models.CheckConstraint(
                condition=Q(balance__isnull=True)
                | Q(paid=F("balance") + F("interest") - F("deducted") + F("receivable")),
                name="application_figures_sum",
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="application_of_state")]

    def __str__(self):
        return f"{self._meta.verbose_name} #{self.pk} · {self.account.person}"


def random_name() -> str:
    return secrets.token_hex(16)


class Share(models.Model):
    """Who is paid: a name and a bank account, or an heir's own account; `parts` of all parts."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="shares")
    name = models.CharField(_("payee"), max_length=100)
    parts = models.PositiveIntegerField(_("parts"), default=1)
    account = models.ForeignKey(
        Account,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("personal account of the heir"),
    )
    bank_name = models.CharField(_("bank"), max_length=200, blank=True)
    sealed_for = models.CharField(max_length=32, default=random_name, editable=False)
    bank_account_index = models.BinaryField(max_length=16, null=True, editable=False)
    bank_account_sealed = models.BinaryField(null=True, editable=False)
    amount = MoneyField(_("amount"), null=True)

    class Meta:
        verbose_name = _("share of a payout")
        verbose_name_plural = _("shares of payouts")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(parts__gt=0), name="share_has_parts"),
            models.CheckConstraint(
                condition=Q(account__isnull=False, bank_account_sealed__isnull=True)
                | Q(account__isnull=True, bank_account_sealed__isnull=False, bank_name__gt=""),
                name="share_goes_to_one_account",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def bank_account(self) -> str:
        """The number in the clear, empty for an heir's own account; raises Tampered."""
        if self.bank_account_sealed is None:
            return ""
        return unseal(self.bank_account_sealed, binding=bound(SHARE_ACCOUNT, self.sealed_for))

    def pay_into(self, *, bank_name: str, bank_account: str) -> None:
        self.bank_name = bank_name
        self.bank_account_index = blind_index(bank_account, purpose="bank account")
        self.bank_account_sealed = seal(bank_account, binding=bound(SHARE_ACCOUNT, self.sealed_for))


class ApplicationApproval(models.Model):
    """One step signed by one person; worth nothing once the application is no longer that."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="approvals")
    number = models.PositiveSmallIntegerField(_("number"))
    step = models.CharField(_("step"), max_length=10, choices=StepKind)
    person = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("by")
    )
    on_behalf_of = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("on behalf of"),
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    hash = models.CharField(_("hash of what was approved"), max_length=64)

    class Meta:
        verbose_name = _("approval of an application")
        verbose_name_plural = _("approvals of applications")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "number", "hash"], name="application_step_once"),
        ]

    def __str__(self):
        return f"{self.application} {self.get_step_display()}"
