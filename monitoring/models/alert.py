"""Alerts 预警, each with its case: what was found, and the steps by which people dealt with it.

The steps are only ever added to; the database refuses one out of order, takes the state of the alert from it,
and lets nobody accept what they entered themselves (migration 0011).
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility
from monitoring.models.indicator import IndicatorLimit
from monitoring.models.rule import Rule
from office.fields import MoneyField, MonthField, first_of_month
from settlement.models.statement import staff
from settlement.models.visit import Visit, bare


class CaseState(models.TextChoices):
    OPEN = "open", pgettext_lazy("case", "Open")
    EXPLAINED = "explained", pgettext_lazy("case", "Explained by the facility")
    ACCEPTED = "accepted", pgettext_lazy("case", "Explanation accepted")
    REFERRED = "referred", pgettext_lazy("case", "Referred to audit")
    RECOVERED = "recovered", pgettext_lazy("case", "Recovered")
    CLOSED = "closed", pgettext_lazy("case", "Closed without result")


ENDED = (CaseState.ACCEPTED, CaseState.RECOVERED, CaseState.CLOSED)


class Alert(models.Model):
    """What a rule found at a facility in a month. key: what it is about; found: the figures, by name,
    amounts and shares as texts."""

    rule = models.CharField(_("rule"), max_length=20, choices=Rule)
    facility = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="alerts", verbose_name=_("facility")
    )
    month = MonthField(_("month"))
    key = models.CharField(max_length=80)
    found = models.JSONField(default=dict)
    limit = models.ForeignKey(
        IndicatorLimit, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("limit")
    )
    state = models.CharField(
        _("state"), max_length=9, choices=CaseState, default=CaseState.OPEN, db_default="open"
    )
    found_at = models.DateTimeField(_("found at"), default=timezone.now)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("watch_alert", _("Can have alerts looked for")),
            ("explain_alert", _("Can enter facilities' explanations")),
            ("decide_alert", _("Can accept explanations and refer alerts to audit")),
            ("audit_alert", _("Can end alerts referred to audit")),
        ]
        constraints = [
            first_of_month("month", name="alert_first_of_month"),
            models.UniqueConstraint(
                fields=["rule", "key"], condition=~Q(state__in=list(ENDED)), name="alert_once_while_it_lasts"
            ),
            models.CheckConstraint(
                condition=Q(rule="indicator", limit__isnull=False)
                | ~Q(rule="indicator") & Q(limit__isnull=True),
                name="alert_names_its_limit",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="alert_by_state"),
            models.Index(fields=["month", "-id"], name="alert_by_month"),
        ]

    def __str__(self):
        return f"{self.get_rule_display()} #{self.pk}"


class AlertVisit(models.Model):
    """A visit an alert is about."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="visits", db_index=False)
    visit = bare(Visit, "alerts", _("visit"))

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["visit", "alert"], name="alert_visit_once")]
        indexes = [models.Index(fields=["alert"], name="visits_of_alert")]


class CaseStep(models.Model):
    """One step of a case: where it leads, by whom and why. amount: yuan recovered, told by the database."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="steps", verbose_name=_("alert"))
    state = models.CharField(_("state"), max_length=9, choices=CaseState)
    reason = models.CharField(_("reason"), max_length=500)
    attachment = models.CharField(_("attachment"), max_length=200, blank=True, db_default="")
    received_on = models.DateField(_("received on"), null=True)
    amount = MoneyField(_("amount recovered"), null=True)
    by = staff(_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("step of a case")
        verbose_name_plural = _("steps of cases")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["alert", "state"], name="case_step_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="case_step_says_why"),
            models.CheckConstraint(
                condition=Q(state="explained", received_on__isnull=False)
                | ~Q(state="explained") & Q(received_on__isnull=True, attachment=""),
                name="case_step_explained_on_a_day",
            ),
            models.CheckConstraint(
                condition=Q(state="recovered", amount__gt=0) | ~Q(state="recovered") & Q(amount__isnull=True),
                name="case_step_recovered_an_amount",
            ),
        ]
