"""Accounting months: closed by a person once their work is posted, in order, and opened again only on record.

There is no table of months. What was done is written once and never changed, and the last of it says up to
where the books are closed (`office_closed_through()` in the database).
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from office.fields import MonthField, first_of_month
from office.models.agency import Origin, Staff


class PeriodAct(models.TextChoices):
    CLOSE = "close", _("Closed the month")
    REOPEN = "reopen", _("Opened the month again")


class PeriodEvent(models.Model):
    """A month closed or opened again: by whom, when (by the database's clock) and why."""

    month = MonthField(_("month"))
    act = models.CharField(_("step"), max_length=10, choices=PeriodAct)
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("month closed or opened")
        verbose_name_plural = _("months closed or opened")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("close_month", _("Can close accounting months and open the last one again"))]
        constraints = [
            first_of_month("month", name="period_event_first_of_month"),
            models.CheckConstraint(
                condition=Q(act="close") | ~Q(reason=""), name="period_event_reopened_with_reason"
            ),
        ]

    def __str__(self):
        return f"{self.month} {self.get_act_display()}"
