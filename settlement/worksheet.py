"""A facility's year end line by line: what each figure is, how it comes about, and the formula for Excel.

The page shows these lines, the workbook (`worksheet_file.py`) computes them again. In a formula {name} is the
cell of a line or, in the table of months, of a column of the same row; {months_name} is a whole column.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from office.templatetags.figures import percent, whole, yuan
from policies.capitation import CapitationTerms, deposit_return_share, surplus_shares
from policies.values import MissingParameter
from settlement.models import YearEnd, YearEndMonth
from settlement.prepay import terms_of
from settlement.year_end import months_of_year

MONTHS = Prefetch("months", YearEndMonth.objects.select_related("prepayment", "clearing").order_by("month"))
# Both sides in whole 分, so that no binary fraction decides which side of the threshold a year is on.
REACHED = "AND({quota}>0,ROUND({actual}*100,0)*100>=ROUND({quota}*100,0)*{threshold})"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure; without a formula it is given. `value` None: held, and counted as nothing."""

    name: str
    label: str
    value: Decimal | int | None
    kind: str = "money"
    formula: str = ""
    how: str = ""


@dataclass(frozen=True, kw_only=True)
class Worksheet:
    """`columns`: name to (label, kind); each month is a row of lines by the names of the columns."""

    line: YearEnd
    columns: dict[str, tuple[str, str]]
    months: list[dict[str, Line]]
    lines: list[Line]


def terms_of_year(line: YearEnd) -> CapitationTerms:
    """The terms a year is settled by: those of its last month."""
    _first, last = months_of_year(line.run)
    return terms_of(line.run, last)


def worksheet_of(line: YearEnd, *, terms: CapitationTerms) -> Worksheet:
    """All of a year-end line, whose `MONTHS` were prefetched."""
    clears = terms.clearing == "monthly"
    columns = {
        "month": (_("Month"), "text"),
        "heads": (_("Heads"), "integer"),
        "rate": (_("Rate"), "money"),
        "prepaid_heads": (_("Heads prepaid"), "integer"),
        "share": (_("Share (%)"), "money"),
        "prepaid": (_("Entitled in advance"), "money"),
        "offset": (_("Brought forward"), "money"),
        "paid": (_("Paid this month"), "money"),
        "actual": (_("Actual usage"), "money"),
    }
    if clears:
        columns |= {
            "cleared": (_("Cleared"), "money"),
            "deposit_rate": (_("Deposit rate (%)"), "money"),
            "deposit": (_("Deposit"), "money"),
            "payable": (_("Payable after the deposit"), "money"),
            "carry": (_("Carried forward"), "money"),
            "advance": (_("Prepaid and not cleared"), "money"),
        }
    rows = [
        {name: cell for name, cell in ((cell.name, cell) for cell in _month(month)) if name in columns}
        for month in line.months.all()
    ]
    return Worksheet(
        line=line, columns=columns, months=rows, lines=list(_lines(line, terms=terms, months=rows))
    )


def _month(month: YearEndMonth) -> Iterator[Line]:
    prepaid, clearing = month.prepayment, month.clearing
    yield Line(name="month", label="", value=str(month.month), kind="text")
    yield Line(name="heads", label="", value=month.heads, kind="integer")
    yield Line(name="rate", label="", value=month.rate)
    if month.actual is not None:
        yield Line(name="actual", label="", value=month.actual)
    if prepaid is not None:
        yield Line(name="prepaid_heads", label="", value=prepaid.heads, kind="integer")
        yield Line(name="share", label="", value=prepaid.share)
        entitled = "ROUND({rate}/12*{prepaid_heads}*{share}/100,2)"
        yield Line(name="prepaid", label="", value=prepaid.entitlement, formula=entitled)
        yield Line(name="offset", label="", value=prepaid.offset)
        yield Line(name="paid", label="", value=prepaid.amount, formula="ROUND({prepaid}-{offset},2)")
    if clearing is not None:
        yield Line(name="cleared", label="", value=clearing.cleared, formula="MIN({actual},{prepaid})")
        yield Line(name="deposit_rate", label="", value=clearing.deposit_rate)
        kept = "ROUND({cleared}*{deposit_rate}/100,2)"
        yield Line(name="deposit", label="", value=clearing.deposit, formula=kept)
        yield Line(name="payable", label="", value=clearing.payable, formula="ROUND({cleared}-{deposit},2)")
        yield Line(name="carry", label="", value=clearing.carry, formula="ROUND({prepaid}-{payable},2)")
    elif prepaid is not None:
        yield Line(name="advance", label="", value=prepaid.entitlement, formula="{prepaid}")


def _lines(line: YearEnd, *, terms: CapitationTerms, months: list[dict[str, Line]]) -> Iterator[Line]:
    from_threshold, below = surplus_shares(terms)
    by_month = any("actual" in month for month in months)
    yield Line(
        name="person_months",
        label=_("Person-months"),
        value=line.person_months,
        kind="integer",
        formula="SUM({months_heads})",
        how=_("heads of all months"),
    )
    yield Line(
        name="quota",
        label=_("Quota"),
        value=line.quota,
        formula="ROUND(SUMPRODUCT({months_heads},{months_rate})/12,2)",
        how=_("heads × rate ÷ 12, all months together, rounded once"),
    )
    yield Line(
        name="actual",
        label=_("Actual usage"),
        value=line.actual,
        formula="ROUND(SUM({months_actual}),2)" if by_month else "",
        how=_("all months") if by_month else _("as entered for the year"),
    )
    yield Line(
        name="usage",
        label=_("Usage rate"),
        kind="percent",
        value=line.actual / line.quota if line.quota else None,
        formula="{actual}/{quota}" if line.quota else "",
        how=_("actual usage ÷ quota"),
    )
    yield Line(
        name="threshold",
        label=_("Threshold of usage (%)"),
        value=terms.usage_threshold,
        kind="number",
        how=_("article %(article)s") % {"article": terms.article},
    )
    yield Line(
        name="share_reached",
        label=_("Facility's share of the surplus from the threshold on (%)"),
        value=from_threshold,
        kind="number",
        how=_("article %(article)s") % {"article": terms.article},
    )
    yield Line(
        name="share_below",
        label=_("Facility's share of the surplus below the threshold (%)"),
        value=below,
        kind="number",
        how=_("article %(article)s") % {"article": terms.article},
    )
    yield Line(
        name="surplus",
        label=_("Surplus"),
        value=line.surplus,
        formula="ROUND(MAX({quota}-{actual},0),2)",
        how=_("quota − actual usage, at least 0"),
    )
    reached = line.quota > 0 and line.actual * 100 >= line.quota * terms.usage_threshold
    yield Line(
        name="share",
        label=_("Facility's share of the surplus (%)"),
        kind="number",
        value=from_threshold if reached else below,
        formula=f"IF({REACHED},{{share_reached}},{{share_below}})",
        how=_("the threshold itself counts as reached"),
    )
    yield Line(
        name="facility_share",
        label=_("Facility's share"),
        value=line.facility_share,
        formula="ROUND({surplus}*{share}/100,2)",
        how=_("surplus × share"),
    )
    yield Line(
        name="pool_share",
        label=_("Kept by the pool"),
        value=line.pool_share,
        formula="ROUND({surplus}-{facility_share},2)",
        how=_("surplus − facility's share"),
    )
    yield Line(
        name="borne",
        label=_("Borne by the facility"),
        value=line.borne_by_facility,
        formula="ROUND(MAX({actual}-{quota},0),2)",
        how=_("actual usage beyond the quota"),
    )
    yield Line(
        name="final",
        label=_("Payable for the year"),
        value=line.payable,
        formula="ROUND(MIN({actual},{quota})+{facility_share},2)",
        how=_("actual usage, at most the quota, + facility's share"),
    )
    if terms.clearing == "monthly":
        yield Line(
            name="cleared_sum",
            label=_("Cleared"),
            value=line.cleared,
            formula="ROUND(SUM({months_cleared}),2)",
            how=_("all months"),
        )
        yield Line(
            name="advance_sum",
            label=_("Prepaid and not cleared"),
            value=line.advance,
            formula="ROUND(SUM({months_advance}),2)",
            how=_("all months"),
        )
        yield from _deposit_lines(line, terms=terms)
        due = "{final}-{cleared_sum}-{advance_sum}-{left}+{released}-{deducted}"
        how = _("payable − cleared − not cleared − carried forward + deposit released − deducted")
    else:
        yield Line(
            name="prepaid_sum",
            label=_("Prepaid"),
            value=line.prepaid,
            formula="ROUND(SUM({months_prepaid}),2)",
            how=_("all months"),
        )
        due, how = "{final}-{prepaid_sum}-{deducted}", _("payable − prepaid − deducted")
    yield Line(
        name="deducted", label=_("Deducted"), value=line.deducted, how=_("by review and audit, as entered")
    )
    yield Line(name="due", label=_("Due"), value=line.due, formula=f"ROUND({due},2)", how=how)


def _deposit_lines(line: YearEnd, *, terms: CapitationTerms) -> Iterator[Line]:
    yield Line(
        name="left",
        label=_("Carried forward"),
        value=line.carry,
        how=_("what no prepayment will take off any more"),
    )
    yield Line(
        name="deposit_sum",
        label=_("Deposit"),
        value=line.deposit,
        formula="ROUND(SUM({months_deposit}),2)",
        how=_("all months"),
    )
    yield Line(
        name="score",
        label=_("Assessment score"),
        value=line.score,
        kind="number",
        how="" if line.score is not None else _("not signed off yet"),
    )
    held = line.released is None
    yield Line(
        name="return_share",
        label=_("Share of the deposit given back (%)"),
        kind="number",
        value=None if held else _return_share(line, terms),
        how=_("by the score, article %(article)s") % {"article": terms.deposit_article or terms.article},
    )
    yield Line(
        name="released",
        label=_("Deposit released"),
        value=line.released,
        formula="" if held else "ROUND({deposit_sum}*{return_share}/100,2)",
        how=_("held until the score and the scale are there") if held else _("deposit × share given back"),
    )


def _return_share(line: YearEnd, terms: CapitationTerms) -> Decimal:
    """Where no deposit was held the share may be unknown; it changes nothing then."""
    try:
        return Decimal(0) if line.score is None else deposit_return_share(score=line.score, terms=terms)
    except MissingParameter:
        return Decimal(0)


def figure_of(line: Line) -> str:
    """A figure as people read it."""
    if line.value is None:
        return "–"
    shown = {"money": yuan, "integer": whole, "percent": percent}.get(line.kind)
    return shown(line.value) if shown else f"{line.value.normalize():f}"
