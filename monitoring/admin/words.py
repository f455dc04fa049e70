"""How an alert and an indicator are told."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.models import Against, Alert, Indicator, Rule
from monitoring.models.indicator import SHARES
from office.templatetags.figures import percent, yuan

FOUND = {
    Rule.DUPLICATE: gettext_lazy("%(visits)s visits of %(total)s yuan each"),
    Rule.SPLIT: gettext_lazy("%(visits)s bills on one day, together %(total)s yuan"),
    Rule.TIMING: gettext_lazy("%(minutes)s minutes apart at two facilities"),
    Rule.AFTER_DEATH: gettext_lazy("%(visits)s visits after the death on %(died_on)s"),
    Rule.FREQUENCY: gettext_lazy("%(visits)s visits in the month, together %(total)s yuan"),
}


def told(alert: Alert) -> str:
    """What was found, in a line."""
    found = alert.found
    if alert.rule != Rule.INDICATOR:
        return FOUND[alert.rule] % {**found, "total": yuan(found.get("total"))}
    indicator = Indicator(found["indicator"])
    said = {"indicator": indicator.label, "value": value_of(indicator, found["value"])}
    if found["against"] == Against.FIGURE:
        most = found["figure"] if indicator not in SHARES else Decimal(found["figure"]) / 100
        return _("%(indicator)s %(value)s, at most %(most)s") % {**said, "most": value_of(indicator, most)}
    return _("%(indicator)s %(value)s, %(growth)s against: %(against)s (at most +%(most)s%%)") % {
        **said,
        "growth": growth(found["value"], found["reference"]),
        "against": Against(found["against"]).label,
        "most": f"{Decimal(found['figure']).normalize():f}",
    }


def value_of(indicator: str, value) -> str:
    """In the indicator's own unit; what is not on record is said, and is no 0."""
    if value is None:
        return _("no data")
    return percent(value) if indicator in SHARES else yuan(value)


def growth(value, reference) -> str:
    """By how many per cent a value is above (+) or below (-) another; a dash where there is none."""
    if value is None or not reference:
        return "–"
    return f"{(Decimal(value) / Decimal(reference) - 1) * 100:+.1f}%"
