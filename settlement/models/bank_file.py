"""Bank files: payment orders as a bank's own format wants them, sealed until the cashier takes them away."""

from django.db import models
from django.db.models import GeneratedField, Q, Value
from django.db.models.functions import Cast, Concat, LPad
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.fields import MoneyField
from office.models import Scheme, Staff


def numbered(prefix: str) -> GeneratedField:
    """A record's number on paper, made by the database from its key."""
    key = Cast("id", models.CharField(max_length=20))
    return GeneratedField(
        expression=Concat(Value(prefix), LPad(key, 8, Value("0"))),
        output_field=models.CharField(max_length=20),
        db_persist=True,
        verbose_name=_("number"),
        unique=True,
    )


class BankFileState(models.TextChoices):
    WAITING = "waiting", _("Being written")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Failed")
    WITHDRAWN = "withdrawn", pgettext_lazy("bank file", "Withdrawn")


class BankFile(models.Model):
    """The orders of one trip to the bank. Those of a file that is withdrawn are released again."""

    number = numbered("YH")
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    template = models.CharField(_("bank's format"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=BankFileState, default=BankFileState.WAITING)
    error = models.CharField(_("why"), max_length=500, blank=True)
    rows = models.PositiveIntegerField(_("orders"), default=0)
    amount = MoneyField(_("amount"), default=0)
    sha256 = models.CharField(_("digest of the file (SHA-256)"), max_length=64, blank=True)
    size = models.BigIntegerField(_("size"), null=True)
    stored_as = models.CharField(max_length=40, unique=True, editable=False)
    made_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"), default=timezone.now)
    taken_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("taken to the bank by")
    )
    taken_at = models.DateTimeField(_("taken to the bank at"), null=True)
    reason = models.CharField(_("reason for withdrawing it"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("bank file")
        verbose_name_plural = _("bank files")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(sha256=""), name="bank_file_written_has_digest"
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | (~Q(reason="") & Q(taken_at__isnull=True)),
                name="bank_file_withdrawn_before_it_is_taken",
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True, taken_by__isnull=True)
                | Q(taken_at__isnull=False, taken_by__isnull=False, state="done"),
                name="bank_file_taken_by_somebody",
            ),
        ]

    def __str__(self):
        return self.number
