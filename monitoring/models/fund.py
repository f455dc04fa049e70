"""What came to and left the fund, kept as sums of months: nobody's page reads a whole ledger."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import TransferKind
from facilities.models import Level
from office.fields import MoneyField, MonthField, first_of_month
from office.models import County, Scheme


class Fund(models.TextChoices):
    POOL = "pool", pgettext_lazy("fund", "Pooled fund")
    PERSON = "person", pgettext_lazy("fund", "Personal accounts")


class FundSum(models.Model):
    """Transfers of one kind of an accounting month; what was reversed counts against what it was.

    county: of the person or facility on the other side, as last known; level: of that facility. None and
    empty where there is neither.
    """

    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    month = MonthField(_("accounting month"))
    fund = models.CharField(pgettext_lazy("fund", "fund"), max_length=6, choices=Fund)
    income = models.BooleanField(_("income"))
    kind = models.CharField(_("kind"), max_length=16, choices=TransferKind)
    county = models.ForeignKey(
        County, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("county")
    )
    level = models.CharField(_("level"), max_length=12, choices=Level, blank=True)
    amount = MoneyField(_("amount"))
    transfers = models.IntegerField(_("transfers"))

    class Meta:
        verbose_name = _("monthly sum of the fund")
        verbose_name_plural = _("monthly sums of the fund")
        default_permissions = ("view",)
        constraints = [first_of_month("month", name="fund_sum_first_of_month")]
        indexes = [models.Index(fields=["scheme", "month"], name="fund_sum_of_month")]


class FundCheck(models.Model):
    """What the ledger held when the sums were made, in the same moment; `open_from` was not closed then."""

    scheme = models.CharField(max_length=3, choices=Scheme)
    fund = models.CharField(max_length=6, choices=Fund)
    balance = MoneyField()
    open_from = MonthField()
    summed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["scheme", "fund"], name="fund_check_once")]
