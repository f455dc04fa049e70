"""What is done with one statement: its deductions, the facility's part, signatures, and the ways back."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from facilities.admin.acts import RecordAct, day_field, reason_field
from settlement import statements
from settlement.admin.statement_panels import deductions, figures
from settlement.models import DeductionKind, Statement, StatementState, Visit
from settlement.tasks import enqueue_statements

DRAFT, SENT, POSTED = StatementState.DRAFT, StatementState.SENT, StatementState.POSTED


def text_field(label, most: int, **options) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, widget=UnfoldAdminTextInputWidget, **options)


class EmptyForm(forms.Form):
    """Asks for nothing but a yes."""


class ConfirmForm(forms.Form):
    name = text_field(gettext_lazy("Confirmed for the facility by"), 100)
    day = day_field(gettext_lazy("Confirmed on"))
    reference = text_field(gettext_lazy("Reference of the signed copy"), 100)


class DeductForm(forms.Form):
    bill = text_field(
        gettext_lazy("Bill number"),
        40,
        required=False,
        help_text=gettext_lazy("Left empty, a lump sum off the statement."),
    )
    kind = forms.ChoiceField(
        label=pgettext_lazy("deduction", "Kind of deduction"),
        choices=[(code, f"{code} {label}") for code, label in DeductionKind.choices],
        widget=UnfoldAdminSelectWidget,
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount (yuan)"),
        max_digits=12,
        decimal_places=2,
        min_value=0.01,
        widget=UnfoldAdminTextInputWidget,
    )
    reason = text_field(gettext_lazy("Reason"), 200)


class TakeOffForm(forms.Form):
    number = forms.TypedChoiceField(
        label=gettext_lazy("Deduction"), coerce=int, widget=UnfoldAdminSelectWidget
    )


class SignForm(forms.Form):
    """Carries what was looked at."""

    seen = forms.CharField(widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    reason = reason_field()


def draw_again(statement: Statement, *, by) -> None:
    enqueue_statements(scheme=statement.scheme, month=statement.month, facility=statement.facility, by=by)


def deduct(statement: Statement, *, bill: str, by, **values) -> None:
    visit = None
    if bill:
        visit = Visit.objects.filter(statement_lines__statement=statement, bill=bill).order_by("pk").first()
        if visit is None:
            raise ValidationError({"bill": _("This bill is not on the statement.")})
    statements.deduct(statement, visit=visit, by=by, **values)


def in_state(*states: StatementState):
    return lambda statement: statement.state in states


def look_first(request, statement) -> list:
    return [*figures(request, statement), deductions(request, statement)]


CLERK = "settlement.change_statement"
ACTS = (
    RecordAct(
        name="sign",
        key="a",
        label=gettext_lazy("Agree and sign"),
        explained=gettext_lazy(
            "Your signature holds for exactly these visits and deductions. With the last one the statement is"
            " posted and can be put on a payment order."
        ),
        done=gettext_lazy("Signed."),
        form=SignForm,
        do=statements.sign,
        open_to=lambda statement: statements.next_step(statement) is not None,
        consequences=look_first,
    ),
    RecordAct(
        name="send",
        key="a",
        label=gettext_lazy("Send to the facility"),
        explained=gettext_lazy("From here on it stays as it is; print it for the facility to sign."),
        done=gettext_lazy("The statement is with the facility."),
        form=EmptyForm,
        do=statements.send,
        open_to=in_state(DRAFT),
        consequences=look_first,
        permission=CLERK,
    ),
    RecordAct(
        name="confirm",
        key="a",
        label=gettext_lazy("Enter the facility's confirmation"),
        explained=gettext_lazy("Who signed for the facility, when, and where its signed copy is kept."),
        done=gettext_lazy("The facility's confirmation was entered."),
        form=ConfirmForm,
        do=statements.confirm,
        open_to=in_state(SENT),
        permission=CLERK,
    ),
    RecordAct(
        name="deduct",
        label=gettext_lazy("Deduct"),
        explained=gettext_lazy("Off one visit, at most what the fund pays for it, or off the statement."),
        done=gettext_lazy("The deduction was entered."),
        form=DeductForm,
        do=deduct,
        open_to=in_state(DRAFT),
        permission=CLERK,
    ),
    RecordAct(
        name="take_off",
        label=gettext_lazy("Give up a deduction"),
        explained=gettext_lazy("It is taken off the draft; its history stays."),
        done=gettext_lazy("The deduction was taken off."),
        form=TakeOffForm,
        do=statements.take_off_deduction,
        open_to=lambda statement: statement.state == DRAFT and statement.deductions.exists(),
        permission=CLERK,
    ),
    RecordAct(
        name="draw",
        label=gettext_lazy("Draw up anew"),
        explained=gettext_lazy("The visits are looked for once more; deductions stay."),
        done=gettext_lazy("It is being drawn up anew; load the page again in a moment."),
        form=EmptyForm,
        do=draw_again,
        open_to=in_state(DRAFT),
        permission="settlement.add_statement",
    ),
    RecordAct(
        name="reopen",
        key="r",
        label=gettext_lazy("Send back"),
        explained=gettext_lazy(
            "It becomes a draft: the facility confirms anew and all signatures begin again."
        ),
        done=gettext_lazy("Sent back."),
        form=ReasonForm,
        do=statements.reopen,
        open_to=in_state(*statements.UNDER_WAY),
    ),
    RecordAct(
        name="give_up",
        label=gettext_lazy("Drop the draft"),
        explained=gettext_lazy("Its visits go onto the next statement that is drawn up."),
        done=gettext_lazy("The draft was dropped."),
        form=ReasonForm,
        do=statements.give_up,
        open_to=in_state(DRAFT),
        permission=CLERK,
        danger=True,
    ),
    RecordAct(
        name="ask_to_undo",
        label=gettext_lazy("Ask to undo"),
        explained=gettext_lazy(
            "Once finance has agreed, the money moves back and the visits are free again."
        ),
        done=gettext_lazy("Asked for: finance has to agree."),
        form=ReasonForm,
        do=statements.ask_to_undo,
        open_to=lambda statement: statement.state == POSTED and statement.undo_asked_by_id is None,
        permission=CLERK,
        danger=True,
    ),
    RecordAct(
        name="undo",
        label=gettext_lazy("Undo"),
        explained=gettext_lazy(
            "The money moves back; possible while the statement stands on no payment order."
        ),
        done=gettext_lazy("The statement was undone."),
        form=EmptyForm,
        do=statements.undo,
        open_to=lambda statement: statement.state == POSTED and statement.undo_asked_by_id is not None,
        permission="office.release_run",
        danger=True,
    ),
)
NAMED = {"sign", "deduct", "draw", "ask_to_undo", "undo"}  # acts that say who did them
