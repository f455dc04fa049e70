"""The fund's picture 基金运行: a year's income, expenditure and balance, proved against the ledger."""

from collections import defaultdict
from decimal import Decimal
from functools import partial
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from accounts.models import Account, AccountKind
from monitoring import fund
from monitoring.charts import Burn, Series, bar_chart, burn_chart, line_chart, share_chart
from monitoring.models import Fund, FundCheck
from monitoring.tasks import enqueue_fund
from office import exports, tables
from office.access import note
from office.admin.pages import page
from office.admin.panels import Panel
from office.kinds import Table
from office.models import Act, County, Scheme
from office.policy import schemes_here
from office.saved_filters import county_of
from office.scope import may_in_whole_city
from office.templatetags.figures import yuan
from policies.month import Month

ZERO = fund.ZERO


def fund_page(request):
    """A year of one scheme, of the city or a county; `?as=xlsx` gives its tables as a file."""
    asked = _Asked(request)
    whole_city = request.user.sees_whole_city and not asked.county
    this, last, own, closing, proof = _read(request, asked, whole_city=whole_city)
    panels = [
        by_line(this, last, asked=asked),
        by_month(this, closing=closing, asked=asked),
        *([by_county(this, asked)] if not asked.county else []),
        own_accounts(own, asked=asked, linked=request.user.has_perm("accounts.view_account")),
    ]
    if asked.as_file:
        return _file(request, panels, asked)
    return page(
        request,
        "monitoring/fund.html",
        {
            "title": _("Fund operation"),
            "asked": asked,
            "schemes": [(each, Scheme(each).label, asked.link(scheme=each)) for each in schemes_here()],
            "steps": [(year, asked.link(year=year)) for year in (asked.year - 1, asked.year + 1)],
            "file": asked.link(**{"as": "xlsx"}),
            "may_export": request.user.has_perm(exports.PERMISSION),
            "county": County.objects.filter(code=asked.county).first() if asked.county else None,
            "whole": asked.link(county=""),
            "proof": proof,
            "homeless": sorted({each.kind for each in [*this, *own] if each.line is None}),
            "figures": _figures(this, closing, asked=asked)
            + (_held(request, asked.scheme) if whole_city else []),
            "charts": _charts(this, last, closing, asked=asked),
            "budgets": _budgets_link(request, asked),
            "panels": panels,
        },
    )


def _read(request, asked, *, whole_city: bool) -> tuple:
    """The sums and their proof, all of one moment: read again where they were made anew meanwhile."""
    while True:
        summed_at = fund.summed_at(scheme=asked.scheme)
        this, last = (
            fund.amounts_of(fund="pool", scheme=asked.scheme, year=year, county=asked.county)
            for year in (asked.year, asked.year - 1)
        )
        own = fund.amounts_of(fund="person", scheme=asked.scheme, year=asked.year, county=asked.county)
        closing = fund.balance_through(asked.last, fund="pool", scheme=asked.scheme) if whole_city else None
        proof = _proof(asked.scheme) if request.user.sees_whole_city else None
        if fund.summed_at(scheme=asked.scheme) == summed_at:
            return this, last, own, closing, proof


@require_POST
def refresh_fund(request):
    """Have the sums made now instead of tonight."""
    enqueue_fund()
    return redirect("fund")


class _Asked:
    """What is looked at: scheme, year and county, and the addresses of what is beside it."""

    def __init__(self, request):
        schemes = schemes_here()
        scheme, year = request.GET.get("scheme"), request.GET.get("year", "")
        today = Month.of(timezone.localdate())
        self.scheme = scheme if scheme in schemes else schemes[0]
        sensible = len(year) == 4 and year.isascii() and year.isdigit() and "2000" <= year <= "2999"
        self.year = int(year) if sensible else today.year
        self.county = county_of(request)
        self.as_file = request.GET.get("as") == "xlsx"
        self.last = min(Month(self.year, 12), max(today, Month(self.year, 1)))
        # The month that is now is not over: forecasts rest on those before it.
        self.whole_months = 12 if self.year < today.year else max(0, today.number - 1)
        if self.year > today.year:
            self.whole_months = 0
        # Budgets are the whole city's.
        whole_city = request.user.sees_whole_city and not self.county
        self.budgets = fund.budgets_of(scheme=self.scheme, year=self.year) if whole_city else {}

    @property
    def months(self) -> list[Month]:
        return [Month(self.year, number) for number in range(1, self.last.number + 1)]

    def link(self, **changed) -> str:
        asked = {"scheme": self.scheme, "year": self.year, "county": self.county} | changed
        return "?" + urlencode(asked)  # with an empty county too: every county, whatever was looked at last


def _budgets_link(request, asked) -> str:
    if not may_in_whole_city(request.user, "monitoring.view_fundbudget"):
        return ""
    query = {"q": asked.year, "scheme__exact": asked.scheme}
    return reverse("admin:monitoring_fundbudget_changelist", query=query)


def _total(amounts, **which) -> Decimal:
    wanted = which.items()
    return sum(
        (each.amount for each in amounts if all(getattr(each, name) == value for name, value in wanted)), ZERO
    )


def _figures(this, closing, *, asked) -> list[tuple]:
    income, expense = _total(this, income=True), _total(this, income=False)
    figures = [
        (_("Income"), yuan(income)),
        (_("Expense"), yuan(expense)),
        (_("Income less expense"), yuan(income - expense)),
    ]
    if closing is None:
        return figures
    whole = [each for each in this if each.month.number <= asked.whole_months]
    a_month = _total(whole, income=False) / asked.whole_months if asked.whole_months else ZERO
    lasts = f"{closing / a_month:.1f}" if a_month > 0 else "–"
    return [*figures, (_("Closing balance"), yuan(closing)), (_("Months the balance lasts"), lasts)]


def _held(request, scheme: str) -> list[tuple]:
    """What stands with facilities now, linked to the accounts for who may see them; and people's own."""
    may = request.user.has_perm("accounts.view_account")

    def shown(amount: Decimal, kind: str):
        return _linked_figure(amount, scheme, kind) if may else yuan(amount)

    found = Account.objects.filter(
        facility__isnull=False, scheme=scheme, kind__in=[AccountKind.ADVANCE, AccountKind.DEPOSIT]
    )
    now = dict(found.order_by().values_list("kind").annotate(Sum("balance")))
    own = FundCheck.objects.filter(scheme=scheme, fund=Fund.PERSON).first()
    return [
        (_("Advances not cleared"), shown(-now.get("advance", ZERO), "advance")),
        (_("Deposits held"), shown(now.get("deposit", ZERO), "deposit")),
        (_("In personal accounts"), yuan(own.balance if own else ZERO)),
    ]


def _linked_figure(amount: Decimal, scheme: str, kind: str):
    query = {"kind__exact": kind, "scheme__exact": scheme}
    url = reverse("admin:accounts_account_changelist", query=query)
    return format_html('<a class="link" href="{}">{}</a>', url, yuan(amount))


def _proof(scheme: str) -> dict | None:
    """Whether the sums are the ledger's, and as of when; None before they were first made."""
    summed_at = fund.summed_at(scheme=scheme)
    if summed_at is None:
        return None
    off = {each.label: fund.difference(fund=each, scheme=scheme) for each in Fund}
    return {"at": summed_at, "off": [(label, amount) for label, amount in off.items() if amount]}


def _charts(this, last, closing, *, asked) -> list[tuple]:
    labels = [str(month) for month in asked.months]
    sides = [
        Series(label, [_total(this, income=income, month=month) for month in asked.months])
        for label, income in ((_("Income"), True), (_("Expense"), False))
    ]
    levels: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for each in this:
        if each.level and not each.income:
            levels[each.level] += each.amount
    title, share = _("Income and expenditure by month"), _("Expenditure by level of facility")
    charts = [(title, bar_chart(title=title, labels=labels, series=sides))]
    if closing is not None:
        balances = [row[4] for row in by_month(this, closing=closing, asked=asked).rows]
        balance = _("Balance by month")
        drawn = line_chart(title=balance, labels=labels, series=[Series(_("Closing balance"), balances)])
        charts.append((balance, drawn))
    if asked.budgets:
        burn = _("Expenditure against its budget")
        charts.append((burn, burn_chart(title=burn, rows=_burn(this, last, asked=asked))))
    if levels:
        charts.append((share, share_chart(title=share, parts=list(levels.items()))))
    return charts


def _burn(this, last, *, asked) -> list[Burn]:
    """Of each line of expenditure that has a budget or has spent something."""
    rows = []
    for line, key in fund.budgeted_lines(income=False).items():
        which = {"income": False, "line": line}
        spent, budget = _total(this, **which), asked.budgets.get(key)
        if spent or budget:
            expected = _forecast(this, last, which, asked=asked) or ZERO
            rows.append(Burn(label=line, spent=spent, expected=expected, budget=budget))
    return rows


def by_line(this, last, *, asked) -> Panel:
    """Each line this month, this year, and what the year will come to."""
    rows, budgets = [], asked.budgets
    for income in (True, False):
        side = _("Income") if income else _("Expense")
        keys = fund.budgeted_lines(income=income)
        for line, key in [*keys.items(), (None, None)]:
            which = {"income": income} if line is None else {"income": income, "line": line}
            so_far = _total(this, **which)
            rows.append(
                (
                    side,
                    line or _("Together"),
                    _total(this, month=asked.last, **which),
                    so_far,
                    *_of_budget(so_far, budgets.get(key) if line else _together(budgets, keys)),
                    _total(last, **which),
                    _forecast(this, last, which, asked=asked),
                )
            )
    return Panel(
        title=_("By line"),
        columns={
            _("Side"): "text",
            pgettext("fund", "Line"): "text",
            _("Month %(month)s") % {"month": asked.last}: "money",
            _("Year to date"): "money",
            _("Budget"): "money",
            _("Of the budget"): "percent",
            _("Last year"): "money",
            _("Forecast of the year"): "money",
        },
        rows=rows,
        note=_(
            "Forecast: the whole months so far times last year's total over the same months of last year;"
            " where last year had nothing in them, twelve times their average. The budget of a side is that"
            " of its lines which have one. Prepayments are advances and become expenditure when they are"
            " cleared."
        ),
    )


def _of_budget(so_far: Decimal, budget: Decimal | None) -> tuple:
    return (budget, so_far / budget) if budget else (None, None)


def _together(budgets: dict[str, Decimal], keys: dict[str, str]) -> Decimal | None:
    """The budget of a side: of its lines that have one; None where none has."""
    return sum((budgets[key] for key in keys.values() if key in budgets), ZERO) or None


def _forecast(this, last, which, *, asked) -> Decimal | None:
    months = asked.whole_months
    if months == 12:
        return _total(this, **which)
    return fund.forecast(
        so_far=_total([each for each in this if each.month.number <= months], **which),
        months=months,
        last_same=_total([each for each in last if each.month.number <= months], **which),
        last_total=_total(last, **which),
    )


def by_month(this, *, closing, asked) -> Panel:
    """Income and expenditure of each month; of the whole city with the balance after it."""
    sums = [
        (month, _total(this, income=True, month=month), _total(this, income=False, month=month))
        for month in asked.months
    ]
    columns = {_("Accounting month"): "text", **_money()}
    if closing is None:
        return Panel(
            title=_("By month"), columns=columns, rows=[(str(month), a, b, a - b) for month, a, b in sums]
        )
    balance, rows = closing - sum(a - b for _month, a, b in sums), []
    for month, income, expense in sums:
        balance += income - expense
        rows.append((str(month), income, expense, income - expense, balance))
    return Panel(title=_("By month"), columns=columns | {_("Closing balance"): "money"}, rows=rows)


def by_county(this, asked) -> Panel:
    """Of the city's own income there is no county."""
    rows = []
    for county in sorted({each.county for each in this}):
        income, expense = (_total(this, income=side, county=county) for side in (True, False))
        link = asked.link(county=county.split(" ")[0])
        shown = county or _("Whole city")
        if county and not asked.as_file:
            shown = format_html('<a class="link" href="{}">{}</a>', link, county)
        rows.append((shown, income, expense, income - expense))
    return Panel(
        title=_("By county"),
        columns={_("County"): "text", **_money()},
        rows=rows,
        note=_(
            "The county of the person or facility, as last known; what the city as a whole receives has none."
        ),
    )


def own_accounts(own, *, asked, linked: bool) -> Panel:
    rows = [
        (_("Income") if income else _("Expense"), line, _total(own, income=income, line=line))
        for income in (True, False)
        for line in fund.lines_of("person", income=income)
    ]
    return Panel(
        title=_("Personal accounts"),
        columns={_("Side"): "text", pgettext("fund", "Line"): "text", _("Year to date"): "money"},
        rows=rows,
        link=(_("Income and expenditure of personal accounts"), f"{reverse('income')}?year={asked.year}")
        if linked
        else None,
    )


def _money() -> dict[str, str]:
    return {_("Income"): "money", _("Expense"): "money", _("Income less expense"): "money"}


def _file(request, panels: list[Panel], asked):
    if not request.user.has_perm(exports.PERMISSION):
        raise PermissionDenied
    note(request, Act.EXPORT, subject=request.path, detail=f"{asked.year} xlsx")
    sheets = [Table(title=panel.title, columns=panel.columns, rows=panel.rows) for panel in panels]
    return tables.served(partial(tables.write_book, sheets), name=f"{_('Fund operation')}-{asked.year}.xlsx")
