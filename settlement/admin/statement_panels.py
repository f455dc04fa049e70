"""The tables about statements: how one comes about, what is deducted, who signed, its visits."""

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.vouchers import transfers_of
from office.admin.panels import ROWS_SHOWN, Pages, Panel, badged, first_of, linked
from settlement.admin.visit_panels import standing_of, who_of
from settlement.models import PaymentItem, Statement, StatementState
from settlement.statement_file import lines_of, reckoning
from settlement.statements import signatures_of

SHOWN = 12


def totals_of(found) -> list[tuple]:
    """Statements and yuan by state, in the order of their way."""
    sums = {
        state: (rows, amount)
        for state, rows, amount in found.order_by().values_list("state").annotate(Count("pk"), Sum("payable"))
    }
    return [(state, state.label, *sums[state]) for state in StatementState if state in sums]


def figures(request, statement: Statement) -> list[Panel]:
    """What the visits come to, and how what is payable comes about."""
    visited = Panel(
        title=_("What the visits come to"),
        columns={
            _("Number of visits"): "integer",
            _("Refunds"): "integer",
            _("Total cost"): "money",
            _("Eligible"): "money",
            _("Fund pays"): "money",
            _("Own account"): "money",
            _("Relative's account"): "money",
            _("Cash"): "money",
        },
        rows=[
            (
                statement.visits,
                statement.refunds,
                statement.total,
                statement.eligible,
                statement.fund,
                statement.account,
                statement.family_account,
                statement.cash,
            )
        ],
        note=_(
            "What accounts paid is owed by the purchases themselves and is not part of the amount payable."
        ),
    )
    payable = Panel(
        title=_("Payable by the fund"),
        columns={pgettext("statement", "Item"): "text", _("Amount (yuan)"): "money"},
        rows=reckoning(statement),
    )
    return [visited, payable]


def deductions(request, statement: Statement) -> Panel:
    """What is taken off, with who entered it."""
    return Panel(
        title=_("Deductions"),
        columns={
            pgettext("deduction", "Kind of deduction"): "text",
            _("Bill number"): "text",
            _("Amount (yuan)"): "money",
            _("Reason"): "text",
            _("Entered by"): "text",
        },
        rows=[
            (
                f"{each.kind} {each.get_kind_display()}",
                linked(each.visit) if each.visit_id else _("lump sum"),
                each.amount,
                each.reason,
                str(each.entered_by),
            )
            for each in statement.deductions.select_related("visit", "entered_by")
        ],
        empty=_("Nothing is deducted."),
    )


def signatures(request, statement: Statement) -> Panel:
    """Whose hands it passed, and the order that pays it."""
    rows = [(_("Drawn up"), str(statement.drawn_by), _at(statement.drawn_at), "")]
    if statement.sent_on:
        rows.append((_("Sent to the facility"), "", str(statement.sent_on), ""))
    if statement.confirmed_on:
        rows.append(
            (
                _("Confirmed by the facility"),
                statement.confirmed_name,
                str(statement.confirmed_on),
                statement.confirmed_reference,
            )
        )
    rows += [
        (each.get_step_display(), str(each.person), _at(each.at), each.hash[:12])
        for each in signatures_of(statement)
    ]
    if statement.posted_at:
        transfers = list(transfers_of(statement).values_list("pk", flat=True))
        items = PaymentItem.objects.filter(transfer_id__in=transfers, live=True).select_related("order")
        orders = [linked(item.order) for item in items]
        rows.append((_("Posted"), "", _at(statement.posted_at), orders[0] if orders else ""))
    if statement.state == StatementState.UNDONE:
        rows.append((pgettext("statement", "Undone"), str(statement.undone_by or ""), "", statement.reason))
    return Panel(
        title=pgettext("statement", "Way"),
        columns={_("Step"): "text", _("By"): "text", _("At"): "text", _("Reference"): "text"},
        rows=rows,
    )


def _at(moment) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def visits(request, statement: Statement) -> Panel:
    """Its visits, some at a time."""
    lines = lines_of(statement)
    total = statement.visits + statement.refunds
    first = first_of(request.GET.get("from"), total)
    link = None
    if request.user.has_perm("office.export_lists"):
        link = (_("Statement (Excel)"), reverse("admin:settlement_statement_xlsx", args=[statement.pk]))
    return Panel(
        title=_("Visits"),
        columns={
            _("Bill number"): "text",
            _("Time"): "text",
            _("Insured person"): "text",
            _("Total cost"): "money",
            _("Fund pays"): "money",
            _("Own account"): "money",
            _("Paid by capitation"): "text",
            pgettext("statement", "Payable"): "money",
            _("State"): "text",
        },
        rows=[
            (
                linked(line.visit),
                _at(line.visit.at),
                who_of(line.visit),
                line.visit.total,
                line.visit.outcome.fund,
                line.visit.outcome.account,
                _("Yes") if line.in_quota else "",
                line.payable,
                standing_of(line.visit),
            )
            for line in lines[first : first + ROWS_SHOWN]
        ],
        pages=Pages(first, total, "from", "#visits"),
        link=link,
        empty=_("No visits."),
        anchor="visits",
    )


def statements_of_facility(request, facility) -> Panel | None:
    """The facility's statements, latest first."""
    if not request.user.has_perm("settlement.view_statement"):
        return None
    return Panel(
        title=_("Statements"),
        columns={
            _("Number"): "text",
            _("Month"): "text",
            _("Number of visits"): "integer",
            _("Total cost"): "money",
            _("Fund pays"): "money",
            _("Deducted"): "money",
            pgettext("statement", "Payable"): "money",
            _("State"): "text",
        },
        rows=[
            (
                linked(each),
                str(each.month),
                each.visits,
                each.total,
                each.fund,
                each.deducted,
                each.payable,
                badged(each),
            )
            for each in facility.statements.order_by("-month", "-id")[:SHOWN]
        ],
        link=(
            _("All statements"),
            reverse("admin:settlement_statement_changelist", query={"q": facility.code}),
        ),
        empty=_("No statements."),
    )
