"""The rules by which visits are looked at, one statement each: `monitoring/sql/<rule>.sql`."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Rule(models.TextChoices):
    DUPLICATE = "duplicate_visit", _("Duplicate visit")
    SPLIT = "split_visit", _("Split visit")
    TIMING = "impossible_timing", _("Impossible timing")
    AFTER_DEATH = "after_death", _("Visit after death")
    FREQUENCY = "unusual_frequency", _("Unusual frequency")
    INDICATOR = "indicator", _("Indicator beyond its limit")


# What the figure of a rule means, where it has one.
FIGURES = {
    Rule.SPLIT: _("bills of one person on one day, from so many on"),
    Rule.TIMING: _("minutes between two facilities, fewer than"),
    Rule.FREQUENCY: _("visits of one person in a month, more than"),
}


class RuleSetting(models.Model):
    """Whether a rule is applied, and its figure; the agency's own to set."""

    rule = models.CharField(_("rule"), max_length=20, choices=Rule, unique=True)
    applied = models.BooleanField(pgettext_lazy("rule", "applied"), default=True)
    figure = models.PositiveSmallIntegerField(pgettext_lazy("rule", "figure"), null=True, blank=True)

    class Meta:
        verbose_name = _("monitoring rule")
        verbose_name_plural = _("monitoring rules")
        ordering = ["id"]
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(rule__in=list(FIGURES), figure__gte=1)
                | ~Q(rule__in=list(FIGURES)) & Q(figure__isnull=True),
                name="rule_setting_has_its_figure",
                violation_error_message=_("This rule needs a figure of 1 or more, others have none."),
            ),
        ]

    def __str__(self):
        return self.get_rule_display()
