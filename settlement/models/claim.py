"""Manual reimbursement 零星报销: what somebody paid a facility in cash and asks the fund to give back.

    open -> handed_in -> decided -> undone  (as long as the bank has not paid)
      ^ sent back -+          open or handed_in -> cancelled

Every receipt of a claim is a visit of a batch of its own kind, settled when it is entered by the one
adjudicator under the person's counters: what a claim and a facility's file use of a limit is used once. A
receipt that is dropped is a visit taken back. The database holds the way of a claim, its receipts and whose
signatures it bears (migration 0033).
"""

import secrets

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from insured.models import Person
from office.fields import MoneyField
from office.models import Scheme, Staff, StepKind
from office.sealing import blind_index, bound, seal, unseal
from settlement.models.bank_file import numbered
from settlement.models.visit import Visit

CLAIM_ACCOUNT = "settlement_claim.account_sealed"
CLAIM_PHONE = "settlement_claim.phone_sealed"


class ClaimReason(models.TextChoices):
    """Why it was not settled at the facility; which of them count is the pack's."""

    OUT_OF_AREA = "out_of_area", _("Visit out of the area")
    EMERGENCY = "emergency", pgettext_lazy("claim", "Emergency")
    REFERRED = "referred", _("Referred elsewhere")
    NEWBORN = "newborn", _("Newborn before enrolment")
    SYSTEM_FAILURE = "system_failure", _("Could not be settled on line")


class Applicant(models.TextChoices):
    SELF = "self", _("The person")
    RELATIVE = "relative", _("A relative")
    AGENT = "agent", _("An agent")


class ClaimState(models.TextChoices):
    OPEN = "open", pgettext_lazy("claim", "Being taken in")
    HANDED_IN = "handed_in", pgettext_lazy("claim", "In review")
    DECIDED = "decided", pgettext_lazy("claim", "Decided")
    CANCELLED = "cancelled", pgettext_lazy("claim", "Cancelled")
    UNDONE = "undone", pgettext_lazy("claim", "Undone")


class Decision(models.TextChoices):
    APPROVED = "approved", pgettext_lazy("claim", "Approved")
    PARTLY = "partly", pgettext_lazy("claim", "Approved in part")
    REFUSED = "refused", pgettext_lazy("claim", "Refused")


def random_name() -> str:
    return secrets.token_hex(16)


class Claim(models.Model):
    """`documents` lists the originals that were received: {"code", "by", "on"}. `steps` are those its chain
    had when it was handed in, `total` and `fund` what its receipts came to then, in yuan. `note` says why it
    was sent back, cancelled or undone."""

    number = numbered("BX")
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="claims", verbose_name=_("insured person")
    )
    reason = models.CharField(pgettext_lazy("claim", "reason"), max_length=16, choices=ClaimReason)
    received_on = models.DateField(_("received on"), default=timezone.localdate)
    applicant = models.CharField(
        pgettext_lazy("claim", "applied for by"), max_length=8, choices=Applicant, default=Applicant.SELF
    )
    applicant_name = models.CharField(_("name of who applied"), max_length=100, blank=True)
    sealed_for = models.CharField(max_length=32, default=random_name, editable=False)
    phone_index = models.BinaryField(max_length=16, null=True, editable=False)
    phone_sealed = models.BinaryField(null=True, editable=False)
    payee_name = models.CharField(_("account holder"), max_length=100)
    bank_name = models.CharField(_("bank"), max_length=200)
    account_index = models.BinaryField(max_length=16, editable=False)
    account_sealed = models.BinaryField(editable=False)
    documents = models.JSONField(_("documents"), default=list, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=ClaimState, default=ClaimState.OPEN)
    note = models.CharField(_("note"), max_length=500, blank=True)
    revision = models.PositiveSmallIntegerField(_("revision"), default=0)
    steps = ArrayField(
        models.CharField(max_length=10, choices=StepKind), default=list, blank=True, verbose_name=_("steps")
    )
    total = MoneyField(_("total cost"), null=True, blank=True)
    fund = MoneyField(_("fund pays"), null=True, blank=True)
    decision = models.CharField(_("decision"), max_length=8, choices=Decision, blank=True)
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    entered_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("entered by")
    )
    entered_at = models.DateTimeField(_("entered at"), default=timezone.now)

    class Meta:
        verbose_name = _("manual reimbursement")
        verbose_name_plural = _("manual reimbursements")
        ordering = ["-id"]
        permissions = [
            ("undo_claim", _("Can undo manual reimbursements that are not paid")),
            ("show_claim", _("Can open phones and bank accounts of manual reimbursements")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["handed_in", "decided", "undone"], fund__gte=0, total__gt=0)
                & ~Q(steps=[])
                | Q(state__in=["open", "cancelled"]),
                name="claim_handed_in_with_its_figures",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["decided", "undone"], decided_on__isnull=False) & ~Q(decision="")
                | ~Q(state__in=["decided", "undone"]) & Q(decided_on__isnull=True, decision=""),
                name="claim_decided_some_day",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["cancelled", "undone"]) | ~Q(note=""),
                name="claim_given_up_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(applicant="self") | ~Q(applicant_name=""),
                name="claim_says_who_applied",
                violation_error_message=_("Say who applies for the person."),
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="claim_of_state")]

    def __str__(self):
        return self.number

    @property
    def account_number(self) -> str:
        """The bank account in the clear; raises Tampered."""
        return unseal(self.account_sealed, binding=bound(CLAIM_ACCOUNT, self.sealed_for))

    @property
    def phone(self) -> str:
        """The phone of whoever applied, in the clear, empty when there is none; raises Tampered."""
        if self.phone_sealed is None:
            return ""
        return unseal(self.phone_sealed, binding=bound(CLAIM_PHONE, self.sealed_for))

    def pay_into(self, number: str) -> None:
        self.account_index = blind_index(number, purpose="bank account")
        self.account_sealed = seal(number, binding=bound(CLAIM_ACCOUNT, self.sealed_for))

    def call_at(self, phone: str) -> None:
        self.phone_index = blind_index(phone, purpose="phone") if phone else None
        self.phone_sealed = seal(phone, binding=bound(CLAIM_PHONE, self.sealed_for)) if phone else None


class ClaimReceipt(models.Model):
    """A receipt 票据 of a claim and the visit it is settled as; not live once the visit is taken back."""

    claim = models.ForeignKey(
        Claim, on_delete=models.PROTECT, related_name="receipts", verbose_name=_("manual reimbursement")
    )
    visit = models.OneToOneField(
        Visit,
        on_delete=models.DO_NOTHING,
        related_name="receipt",
        db_constraint=False,
        verbose_name=_("visit"),
    )
    number = models.CharField(_("receipt number"), max_length=40)
    live = models.BooleanField(_("counts"), default=True, db_default=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                condition=Q(live=True),
                name="receipt_claimed_once",
                violation_error_message=_("This receipt is claimed already."),
            ),
        ]

    def __str__(self):
        return self.number


class ClaimApproval(models.Model):
    """One step signed by one person; worth nothing once the claim is no longer that."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="approvals")
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
        verbose_name = _("approval of a manual reimbursement")
        verbose_name_plural = _("approvals of manual reimbursements")
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "number", "hash"], name="claim_step_once"),
        ]

    def __str__(self):
        return f"{self.claim} {self.get_step_display()}"


class ClaimStep(models.Model):
    """A step claims go through that are handed in from now on, from so many yuan of the fund on."""

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    step = models.CharField(
        _("step"),
        max_length=10,
        choices=[(kind.value, kind.label) for kind in StepKind if kind != StepKind.RELEASE],
        unique=True,
    )
    from_amount = MoneyField(_("from an amount of"), default=0)

    class Meta:
        verbose_name = _("step of manual reimbursements")
        verbose_name_plural = _("steps of manual reimbursements")
        default_permissions = ("view", "change")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=Q(from_amount__gte=0), name="claim_step_amount"),
        ]

    def __str__(self):
        return self.get_step_display()
