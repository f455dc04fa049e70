"""The form and the table of a year end under other parameters."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from office.admin.panels import Panel, linked
from office.kinds import Table
from policies.capitation import CapitationTerms, surplus_shares
from settlement.what_if import Otherwise


def percentage(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_value=100,
        decimal_places=2,
        max_digits=5,
        widget=UnfoldAdminDecimalFieldWidget,
    )


class WhatIfForm(forms.Form):
    """Begins with what the rules say; an empty rate leaves the quotas as they are."""

    rate = forms.DecimalField(
        label=gettext_lazy("Capitation rate"),
        help_text=gettext_lazy("Yuan per person and year."),
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    threshold = percentage(gettext_lazy("Threshold of usage (%)"))
    share_reached = percentage(gettext_lazy("Facility's share of the surplus from the threshold on (%)"))
    share_below = percentage(gettext_lazy("Facility's share of the surplus below the threshold (%)"))

    def __init__(self, data=None, *, terms: CapitationTerms):
        from_threshold, below = surplus_shares(terms)
        initial = {
            "rate": terms.quota_rate,
            "threshold": terms.usage_threshold,
            "share_reached": from_threshold,
            "share_below": below,
        }
        super().__init__(data, initial=initial)


def columns() -> dict[str, str]:
    return {
        _("Facility code"): "text",
        _("Facility name"): "text",
        _("Usage rate"): "percent",
        _("Quota"): "money",
        _("Quota, if"): "money",
        _("Payable"): "money",
        _("Payable, if"): "money",
        _("Due"): "money",
        _("Due, if"): "money",
        _("Difference"): "money",
    }


def cells(found: Otherwise, *, code) -> tuple:
    line = found.line
    return (
        code,
        line.facility.name,
        line.actual / found.quota if found.quota else None,
        line.quota,
        found.quota,
        line.payable,
        found.payable,
        line.due,
        found.due,
        found.payable - line.payable,
    )


def table_of(found: list[Otherwise], *, title: str) -> Table:
    """As a file."""
    return Table(
        title=title, columns=columns(), rows=(cells(each, code=each.line.facility.code) for each in found)
    )


def shown(found: list[Otherwise]) -> Panel | None:
    """As on the page: facility by facility, the totals above."""
    if not found:
        return None
    real = sum((each.line.payable for each in found), Decimal("0.00"))
    other = sum((each.payable for each in found), Decimal("0.00"))
    kinds = columns() | {_("Difference"): "change"}
    return Panel(
        title=_("By facility"),
        columns=kinds,
        rows=[cells(each, code=linked(each.line, each.line.facility.code)) for each in found],
        figures=[
            (_("Payable"), f"{real:,.2f}"),
            (_("Payable, if"), f"{other:,.2f}"),
            (_("Difference"), f"{other - real:+,.2f}"),
        ],
    )
