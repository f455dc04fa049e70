"""What came to and left the fund, kept as sums of months: nobody's page reads a whole ledger."""

from django.db import models
from django.db.models import Q
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


class FundBudget(models.Model):
    """What a line of the pooled fund is to come to in a year 基金预算, in yuan.

    line: its key in `monitoring/subjects.yaml`. Changed as the budget is adjusted, with its source; who
    changed it and what it was before stays in the history.
    """

    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    year = models.SmallIntegerField(_("year"))
    line = models.CharField(pgettext_lazy("fund", "line"), max_length=20)
    amount = MoneyField(_("budget of the year"))
    source = models.CharField(
        pgettext_lazy("budget", "source"), max_length=120, help_text=_("Document that sets the budget.")
    )

    class Meta:
        verbose_name = _("budget of the fund")
        verbose_name_plural = _("budgets of the fund")
        ordering = ["-year", "scheme", "id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "year", "line"],
                name="fund_budget_once",
                violation_error_message=_("This line has its budget for the year: change that one."),
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="fund_budget_above_zero"),
            models.CheckConstraint(condition=Q(year__range=(2000, 2999)), name="fund_budget_of_a_year"),
            models.CheckConstraint(condition=~Q(source=""), name="fund_budget_is_founded"),
        ]

    def __str__(self):
        return f"{self.get_scheme_display()} {self.year}"


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
