"""Credits at once 一次性计入: months prepaid or back-paid, and supplementary shares."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from insured.models import Person
from office.fields import MoneyField, MonthField, first_of_month
from office.models import Run, Scheme


class LumpKind(models.TextChoices):
    PREPAID = "prepaid", _("Prepaid")
    BACK_PAID = "back_paid", _("Back-paid")
    SUPPLEMENT = "supplement", _("Supplementary share")


class LumpCredit(models.Model):
    """One month of one person that a file asks to be credited: waiting, then credited by a run, or withdrawn.

    A month prepaid or back-paid is credited by the rules of that month, of `base` where the file gives one; a
    supplementary share is its `amount`.
    """

    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="lump_credits", verbose_name=_("insured person")
    )
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    kind = models.CharField(_("kind"), max_length=10, choices=LumpKind)
    covers = MonthField(_("month covered"))
    base = MoneyField(_("monthly base"), null=True)
    amount = MoneyField(_("amount"), null=True)
    credited_by = models.ForeignKey(
        Run, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("credited by")
    )
    withdrawn_because = models.CharField(_("withdrawn because"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("credit at once")
        verbose_name_plural = _("credits at once")
        default_permissions = ("view", "change")
        constraints = [
            first_of_month("covers", name="lump_credit_first_of_month"),
            models.CheckConstraint(
                condition=Q(kind="supplement", amount__gt=0, base__isnull=True)
                | ~Q(kind="supplement") & Q(amount__isnull=True),
                name="lump_credit_amount_of_supplements",
            ),
            models.CheckConstraint(
                condition=Q(base__isnull=True) | Q(base__gte=0), name="lump_credit_base_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(credited_by__isnull=True) | Q(withdrawn_because=""),
                name="lump_credit_credited_or_withdrawn",
                violation_error_message=_("This is credited already: it cannot be withdrawn."),
            ),
            models.UniqueConstraint(
                fields=["person", "scheme", "covers"],
                condition=~Q(kind="supplement") & Q(withdrawn_because=""),
                name="lump_credit_of_month_once",
            ),
            models.UniqueConstraint(
                fields=["person", "scheme", "covers"],
                condition=Q(kind="supplement", withdrawn_because=""),
                name="lump_credit_supplement_once",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.covers}"
