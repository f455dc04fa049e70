"""What settlement prints: payment notices, statements, year ends, decisions on claims, tables of runs."""

from decimal import Decimal
from itertools import islice

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from facilities.models import Office
from office import approvals, kinds
from office.admin.runs import RunAdmin
from office.kinds import Table
from office.models import Run, RunState, Scheme
from office.papers import Paper, PaperKind
from office.sealing import masked_account
from settlement import claims
from settlement.admin.claim_panels import why_told
from settlement.amount_words import in_words
from settlement.models import (
    Applicant,
    Claim,
    ClaimApproval,
    ClaimReason,
    ClaimState,
    Decision,
    OrderState,
    PaymentOrder,
    Source,
    Statement,
    YearEnd,
)
from settlement.statement_file import reckoning
from settlement.statements import signatures_of
from settlement.worksheet import MONTHS, Worksheet, figure_of, terms_of_year, worksheet_of

# A notice is given out of what is certain to be paid.
NOTIFIED = (OrderState.RELEASED, OrderState.IN_TRANSIT, OrderState.PAID)
VOLUME = 1_000  # lines of a run's table in one document: some forty pages

# Of the worksheet's lines those that are results: the others say how they come about.
CONFIRMED = (
    "person_months",
    "quota",
    "actual",
    "usage",
    "facility_share",
    "pool_share",
    "borne",
    "final",
    "prepaid_sum",
    "cleared_sum",
    "advance_sum",
    "left",
    "deposit_sum",
    "released",
    "deducted",
    "due",
)


def said(amount: Decimal) -> str:
    """An amount in capital numerals; of one below zero, whose debt it is."""
    words = f"{_('Renminbi')} {in_words(abs(amount))}"
    return f"{_('Owed by the facility:')} {words}" if amount < 0 else words


def notice(order: PaymentOrder, part: str) -> Paper:
    """Payment notice 拨付通知单: what a payee is told is paid, and for what."""
    code = order.facility.code if order.facility else order.person.person_number
    return Paper(
        title=_("Payment notice"),
        number=order.number,
        about=f"{order.get_scheme_display()} · {order.month}",
        facts={
            _("Payee"): f"{order.payee_name} ({code})" if code else order.payee_name,
            pgettext("payment", "Bank"): order.bank_name,
            _("Bank account"): masked_account(order.account_number),
            pgettext("payment", "Source"): Source(order.source),
            _("Date"): timezone.localdate(order.released_at),
            _("Owed"): order.owed,
            _("Taken back since"): order.withheld,
            _("Set against receivables (deduction 30)"): order.recovered,
            _("To be paid"): order.amount,
            _("Purpose"): order.purpose,
        },
        wide=(_("Payee"), _("Purpose")),
        amount=order.amount,
        amount_label=_("Amount in words"),
        words=said(order.amount),
        hands=[
            (_("Made by"), order.made_by),
            (_("Reviewed by"), order.reviewed_by),
            (_("Released by"), order.released_by),
        ],
        seals=[_("Seal of the agency"), _("Seal of finance"), _("Seal of the payee")],
        void="" if order.state in NOTIFIED else order.get_state_display(),
    )


def statement_paper(statement: Statement, part: str) -> Paper:
    """Statement of expenses of a facility's month, to be signed and sealed by both sides."""
    confirmed = {}
    if statement.confirmed_on:
        confirmed = {
            _("Confirmed for the facility by"): statement.confirmed_name,
            _("Confirmed on"): statement.confirmed_on,
        }
    tables = [
        Table(
            title=_("Payable by the fund"),
            columns={pgettext("statement", "Item"): "text", _("Amount (yuan)"): "money"},
            rows=reckoning(statement),
        )
    ]
    deductions = [
        (
            f"{one.kind} {one.get_kind_display()}",
            one.visit.bill if one.visit_id else "",
            one.amount,
            one.reason,
        )
        for one in statement.deductions.select_related("visit").order_by("pk")
    ]
    if deductions:
        columns = {
            pgettext("deduction", "Kind of deduction"): "text",
            _("Bill number"): "text",
            _("Amount (yuan)"): "money",
            _("Reason"): "text",
        }
        tables.append(Table(title=_("Deductions"), columns=columns, rows=deductions))
    return Paper(
        title=_("Statement of expenses"),
        number=statement.number,
        about=f"{statement.get_scheme_display()} · {statement.month}",
        facts={
            _("Facility"): f"{statement.facility.name} ({statement.facility.code})",
            _("Month"): statement.month,
            _("Responsible office"): Office(statement.office),
            _("Number of visits"): statement.visits,
            _("Refunds"): statement.refunds,
            _("Total cost"): statement.total,
            _("Eligible"): statement.eligible,
            _("Own account"): statement.account,
            _("Relative's account"): statement.family_account,
            _("Cash"): statement.cash,
            _("Fund pays"): statement.fund,
        },
        wide=(_("Facility"),),
        tables=tables,
        amount=statement.payable,
        amount_label=_("Amount in words"),
        words=said(statement.payable),
        notes=[
            _("What accounts paid is owed by the purchases themselves and is not part of the amount payable.")
        ],
        hands=[
            (_("Drawn up by"), statement.drawn_by),
            *((one.get_step_display(), one.person) for one in signatures_of(statement)),
            *confirmed.items(),
        ],
        seals=[_("Seal of the agency"), _("Confirmed for the facility, signature and seal")],
        void=statement.get_state_display() if statement.undone_by_id else "",
    )


def decision(claim: Claim, part: str) -> Paper:
    """Decision on a manual reimbursement 零星报销结算单: what is paid, and by which article not."""
    refused = claim.decision == Decision.REFUSED
    receipts, whys = [], []
    for receipt in claims.live_receipts(claim):
        visit = receipt.visit
        receipts.append(
            (
                visit.bill,
                str(timezone.localdate(visit.at)),
                visit.facility.name,
                visit.total,
                visit.eligible,
                visit.outcome.deductible,
                visit.outcome.fund,
            )
        )
        if why := why_told(visit):
            whys.append((visit.bill, visit.total, why))
    columns = {
        _("Receipt number"): "text",
        _("Day"): "text",
        _("Facility"): "text",
        _("Total cost"): "money",
        _("Eligible"): "money",
        _("Deductible"): "money",
        _("Fund pays"): "money",
    }
    tables = [Table(title=_("Receipts"), columns=columns, rows=receipts)]
    if whys:
        columns = {_("Receipt number"): "text", _("Total cost"): "money", _("Reason and article"): "text"}
        tables.append(Table(title=_("Not paid"), columns=columns, rows=whys))
    applicant = Applicant(claim.applicant)
    return Paper(
        title=_("Refusal of a manual reimbursement") if refused else _("Decision on a manual reimbursement"),
        number=claim.number,
        about=claim.get_scheme_display(),
        facts={
            _("Insured person"): _named(claim.person),
            pgettext("claim", "applied for by"): claim.applicant_name or applicant,
            pgettext("claim", "reason"): ClaimReason(claim.reason),
            _("Received on"): claim.received_on,
            _("Decision"): Decision(claim.decision),
            _("Decided on"): claim.decided_on,
            _("Total cost"): claim.total,
            _("Fund pays"): claim.fund,
            _("Payee"): claim.payee_name,
            _("Bank account"): f"{claim.bank_name} {masked_account(claim.account_number)}",
        },
        tables=tables,
        amount=claim.fund,
        amount_label=_("Amount in words"),
        words=said(claim.fund),
        hands=[(one.get_step_display(), _signer(one)) for one in claims.signatures_of(claim)],
        seals=[_("Seal of the agency"), _("Received by, and on which day")]
        if refused
        else [_("Seal of the agency"), _("Seal of finance"), _("Received by, and on which day")],
        void="" if claim.state == ClaimState.DECIDED else claim.get_state_display(),
    )


def worksheet(line: YearEnd, part: str) -> Paper:
    """Year-end worksheet 年终清算表: the figures of the workbook, how each comes about, and the months."""
    found = _worksheet(line)
    rows = [(one.label, figure_of(one), one.how) for one in found.lines]
    columns = {pgettext("worksheet", "Line"): "text", _("Value"): "number", _("How it comes about"): "text"}
    months = [
        [month[name].value if name in month else None for name in found.columns] for month in found.months
    ]
    return Paper(
        title=_("Year-end worksheet %(year)s") % {"year": line.run.period.year},
        number=_number(line, "QS"),
        about=_party(line),
        facts=_parties(line),
        wide=(_("Facility"),),
        tables=[
            Table(title=_("How the year is settled"), columns=columns, rows=rows),
            Table(title=_("Months of the year"), columns=dict(found.columns.values()), rows=months),
        ],
        amount=line.due,
        amount_label=_("Due"),
        words=said(line.due),
        hands=[(_("Prepared by"), line.run.prepared_by or line.run.get_origin_display())],
        seals=[_("Seal of the agency"), _("Confirmed for the facility, signature and seal")],
        landscape=True,
        void=_void(line.run),
    )


def confirmation(line: YearEnd, part: str) -> Paper:
    """Year-end confirmation 清算确认书: the results both sides put their seals under."""
    told = {one.name: one for one in _worksheet(line).lines}
    rows = [(told[name].label, figure_of(told[name])) for name in CONFIRMED if name in told]
    return Paper(
        title=_("Confirmation of the year-end settlement %(year)s") % {"year": line.run.period.year},
        number=_number(line, "QR"),
        about=_party(line),
        facts=_parties(line),
        wide=(_("Facility"),),
        tables=[
            Table(
                title=_("Result"),
                columns={pgettext("worksheet", "Line"): "text", _("Value"): "number"},
                rows=rows,
            )
        ],
        amount=line.due,
        amount_label=_("Due"),
        words=said(line.due),
        notes=[_("Both sides have compared these figures with the worksheet of the year and agree to them.")],
        seals=[_("Seal of the agency"), _("Confirmed for the facility, signature and seal")],
        void=_void(line.run),
    )


def run_table(run: Run, part: str) -> Paper:
    """A run's table, such as the credit roll 个账计入花名册 or the prepayment table 月预拨表, by volumes."""
    volumes = volumes_of(run)
    part = part or volumes[0]
    if part not in volumes:
        raise ValidationError(_("There is no such volume."))
    table = kinds.kind_of(run).export(run)
    first = (int(part) - 1) * VOLUME
    rows = list(islice(table.rows, first, first + VOLUME))
    facts = {
        _("Scheme"): Scheme(run.scheme),
        _("Period"): run.period_label,
        _("Rows"): run.rows,
        _("Amount (yuan)"): run.amount,
    }
    if len(volumes) > 1:
        facts[_("Volume")] = _("%(volume)s of %(volumes)s") % {"volume": part, "volumes": len(volumes)}
    return Paper(
        title=table.title,
        number=f"{run.pk}-{part}" if len(volumes) > 1 else str(run.pk),
        about=str(run.get_kind_display()),
        facts=facts,
        tables=[Table(title="", columns=table.columns, rows=rows)],
        amount=run.amount,
        amount_label=_("Amount in words"),
        words=said(run.amount) if run.amount else "",
        hands=[
            (_("Prepared by"), run.prepared_by or run.get_origin_display()),
            *((one.kind.label, one.approval.person) for one in approvals.steps_of(run) if one.approval),
        ],
        seals=[_("Seal of the agency"), _("Seal of finance")],
        landscape=len(table.columns) > 6,
        void=_void(run),
    )


def volumes_of(run: Run) -> list[str]:
    """The volumes a run's table fills."""
    return [str(number + 1) for number in range(max(1, -(-run.rows // VOLUME)))]


def _void(run: Run) -> str:
    """A run's paper stands from when it is posted until it is reversed."""
    return "" if run.state == RunState.POSTED else run.get_state_display()


def _worksheet(line: YearEnd) -> Worksheet:
    prefetch_related_objects([line], MONTHS)
    return worksheet_of(line, terms=terms_of_year(line))


def _number(line: YearEnd, prefix: str) -> str:
    return f"{prefix}{line.run.period.year}-{line.facility.code}-{line.run_id}"


def _party(line: YearEnd) -> str:
    return f"{line.run.get_scheme_display()} · {line.run.period.year}"


def _parties(line: YearEnd) -> dict:
    return {_("Facility"): f"{line.facility.name} ({line.facility.code})"}


def _signer(signature: ClaimApproval) -> str:
    """Who signed; and for whom, where somebody had delegated it."""
    if not signature.on_behalf_of:
        return str(signature.person)
    principal = _("on behalf of %(principal)s") % {"principal": signature.on_behalf_of}
    return f"{signature.person} ({principal})"


def _named(person) -> str:
    return f"{person.name} ({person.person_number})" if person.person_number else person.name


def _tabled(run: Run) -> bool:
    return bool(run.input_hash and run.state != RunState.DRAFT and kinds.kind_of(run).export)


NOTICE = PaperKind(
    name="notice",
    label=gettext_lazy("Payment notice"),
    paper=notice,
    open_to=lambda order: order.state in NOTIFIED,
)
STATEMENT = PaperKind(name="statement", label=gettext_lazy("Statement of expenses"), paper=statement_paper)
DECISION = PaperKind(
    name="decision",
    label=pgettext_lazy("paper", "Decision"),
    paper=decision,
    open_to=lambda claim: claim.state == ClaimState.DECIDED,
)
WORKSHEET = PaperKind(
    name="worksheet", label=gettext_lazy("Year-end worksheet"), paper=worksheet, needs="office.export_run"
)
CONFIRMATION = PaperKind(
    name="confirmation",
    label=gettext_lazy("Year-end confirmation"),
    paper=confirmation,
    needs="office.export_run",
)
RUN_TABLE = PaperKind(
    name="printed",
    label=gettext_lazy("Print the table"),
    paper=run_table,
    open_to=_tabled,
    needs="office.export_run",
    parts=volumes_of,
)

RunAdmin.papers = (RUN_TABLE,)
