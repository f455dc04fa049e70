"""The part of a run's page that sets it beside the run of the period before, and the thresholds' own page."""

from decimal import Decimal

from django.apps import apps
from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.admin.panels import Panel
from office.admin.records import RecordAdmin
from office.comparison import figures_of
from office.models import County, Dimension, Excess, Measure, Run, RunState, Staff, Threshold
from office.scope import may_in_whole_city
from office.templatetags.figures import percent, signed, whole, yuan

ZERO = {Measure.ROWS: Decimal(0), Measure.AMOUNT: Decimal("0.00")}


def comparison_of(run: Run, staff: Staff) -> dict:
    """The page's context: the run compared with, what is beyond a threshold, and the totals side by side."""
    previous = run.compared_with
    excesses = list(run.excesses.select_related("acknowledged_by"))
    names = {dimension: _names(dimension) for dimension in {*run.totals, *(e.dimension for e in excesses)}}
    open_still = sum(excess.acknowledged_at is None for excess in excesses)
    return {
        "previous": previous,
        "difference": run.amount - previous.amount if previous else None,
        "difference_share": share(run.amount - previous.amount, previous.amount) if previous else None,
        "excesses": [_in_words(excess, names) for excess in excesses],
        "excesses_open": open_still,
        "excesses_done": len(excesses) - open_still,
        "may_acknowledge": run.state == RunState.COMPUTED
        and any(may_in_whole_city(staff, right) for right in ("office.prepare_run", "office.review_run")),
        "breakdowns": list(_breakdowns(run, previous, excesses, names)),
    }


def share(part, whole) -> Decimal | None:
    return Decimal(part) / Decimal(whole) if whole else None


def _in_words(excess: Excess, names: dict) -> dict:
    """A finding as the page shows it, its figures in the form of their kind."""
    shown = whole if excess.measure == Measure.ROWS else yuan
    change = int(excess.change) if excess.measure == Measure.ROWS else excess.change
    name = names.get(excess.dimension, {}).get(excess.key, excess.key)
    return {
        "record": excess,
        "what": excess.get_dimension_display()
        if excess.dimension == Dimension.TOTAL
        else name or _("Not given"),
        "figure": excess.get_measure_display(),
        "before": shown(excess.before),
        "now": shown(excess.now),
        "change": signed(change),
        "share": percent(share(excess.change, excess.before)),
        "threshold": _("%(percent)s %%, at least %(least)s")
        % {"percent": f"{excess.percent.normalize():f}", "least": shown(excess.least)},
    }


def _breakdowns(run: Run, previous: Run | None, excesses: list[Excess], names: dict):
    """Panels of the totals by county, status, …, rows and amount beside those of the run before."""
    titles = {
        Dimension.COUNTY: _("By county"),
        Dimension.STATUS: _("By status"),
        Dimension.LEVEL: _("By level"),
        Dimension.FACILITY: _("By facility"),
    }
    beyond = {(excess.dimension, excess.key) for excess in excesses}
    earlier = figures_of(previous) if previous else {}
    for dimension, now in figures_of(run).items():
        if dimension == Dimension.TOTAL or not now or list(now) == [""]:
            continue
        before = earlier.get(dimension, {})
        rows = []
        for key in sorted(now.keys() | before.keys()):
            name = names[dimension].get(key, key or _("Not given"))
            if (dimension, key) in beyond:
                flag = '{} <span class="state state-computed">{}</span>'
                name = format_html(flag, name, _("beyond the threshold"))
            rows.append([name, *_figures(now.get(key, ZERO), before.get(key, ZERO) if previous else None)])
        yield Panel(
            title=titles[dimension], columns=_columns(Dimension(dimension).label, previous), rows=rows
        )


def _columns(noun, previous: Run | None) -> dict[str, str]:
    columns = {str(noun): "text", _("Rows"): "integer"}
    if previous is None:
        return columns | {_("Amount"): "money"}
    of_before = {"period": previous.period_label}
    return columns | {
        _("Rows %(period)s") % of_before: "integer",
        _("Change in rows"): "percent",
        _("Amount"): "money",
        previous.period_label: "money",
        _("Difference"): "change",
        _("Change (%)"): "percent",
    }


def _figures(now: dict, before: dict | None) -> list:
    rows, amount = now[Measure.ROWS], now[Measure.AMOUNT]
    if before is None:
        return [rows, amount]
    earlier_rows, earlier = before[Measure.ROWS], before[Measure.AMOUNT]
    return [
        rows,
        earlier_rows,
        share(rows - earlier_rows, earlier_rows),
        amount,
        earlier,
        amount - earlier,
        share(amount - earlier, earlier),
    ]


def _names(dimension: str) -> dict:
    """What the keys of a dimension are called; the rooms above are asked by name."""
    if dimension == Dimension.COUNTY:
        return dict(County.objects.values_list("code", "name"))
    if dimension == Dimension.FACILITY:
        return dict(apps.get_model("facilities", "Facility").objects.values_list("code", "name"))
    model, field = {
        Dimension.STATUS: ("insured.Enrolment", "status"),
        Dimension.LEVEL: ("facilities.Facility", "level"),
    }.get(dimension, (None, None))
    if model is None:
        return {}
    return {value: str(label) for value, label in apps.get_model(model)._meta.get_field(field).flatchoices}


@admin.register(Threshold)
class ThresholdAdmin(RecordAdmin):
    """How far runs may change from one period to the next without a note; the agency's to set."""

    list_display = ["kind", "dimension", "measure", "percent_shown", "least_shown"]
    list_display_links = ["kind", "dimension"]
    fields = ["kind", "dimension", "measure", "percent", "least"]
    readonly_fields = ["kind", "dimension", "measure"]
    sortable_by = ()

    @admin.display(description=gettext_lazy("change in per cent"))
    def percent_shown(self, threshold):
        return _("not watched") if threshold.percent is None else f"{threshold.percent.normalize():f} %"

    @admin.display(description=gettext_lazy("least change"))
    def least_shown(self, threshold):
        return whole(threshold.least) if threshold.measure == Measure.ROWS else yuan(threshold.least)
