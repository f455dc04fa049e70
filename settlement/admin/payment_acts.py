"""What is done with one payment order: its bank details, and the ways off its way."""

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from facilities.admin.acts import RecordAct, reason_field
from settlement import payment_orders
from settlement.models import OrderState, PayeeKind


class ReasonForm(forms.Form):
    reason = reason_field()


class BankDetailsForm(forms.Form):
    name = forms.CharField(
        label=pgettext_lazy("payment", "Account holder"), max_length=200, widget=UnfoldAdminTextInputWidget
    )
    bank = forms.CharField(
        label=pgettext_lazy("payment", "Bank"), max_length=200, widget=UnfoldAdminTextInputWidget
    )
    account = forms.RegexField(
        r"^[0-9-]{8,32}$",
        label=gettext_lazy("Bank account"),
        error_messages={"invalid": gettext_lazy("A bank account has 8 to 32 digits.")},
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def own_state(*states: OrderState):
    return lambda order: order.state in states


ACTS = (
    RecordAct(
        name="details",
        label=gettext_lazy("Enter bank details"),
        explained=gettext_lazy("Whom the bank pays, and where. The number is kept sealed and shown masked."),
        done=gettext_lazy("The bank details were entered."),
        form=BankDetailsForm,
        do=payment_orders.enter_bank_details,
        open_to=lambda order: order.state == OrderState.UNTOUCHED and order.payee_kind != PayeeKind.FACILITY,
        permission="settlement.add_paymentorder",
    ),
    RecordAct(
        name="refresh",
        label=gettext_lazy("Take bank details from the facility"),
        explained=gettext_lazy("The account holder, bank and account as the facility's record has them now."),
        done=gettext_lazy("The bank details were taken from the facility's record."),
        form=forms.Form,
        do=payment_orders.take_bank_details,
        open_to=lambda order: order.state == OrderState.UNTOUCHED and order.payee_kind == PayeeKind.FACILITY,
        permission="settlement.add_paymentorder",
    ),
    RecordAct(
        name="send_back",
        key="r",
        label=gettext_lazy("Send back"),
        explained=gettext_lazy("The order is to be reviewed again."),
        done=gettext_lazy("The order was sent back."),
        form=ReasonForm,
        do=payment_orders.send_back,
        open_to=own_state(OrderState.REVIEWED, OrderState.RELEASED),
        permission="settlement.release_paymentorder",
    ),
    RecordAct(
        name="withdraw",
        label=gettext_lazy("Withdraw"),
        explained=gettext_lazy("The order is given up; what it was to pay may be put on another."),
        done=gettext_lazy("The order was withdrawn."),
        form=ReasonForm,
        do=payment_orders.withdraw,
        open_to=own_state(OrderState.UNTOUCHED, OrderState.REVIEWED, OrderState.FAILED),
        permission="settlement.add_paymentorder",
        danger=True,
    ),
    RecordAct(
        name="reissue",
        label=gettext_lazy("Issue again"),
        explained=gettext_lazy(
            "A new order takes this one up, with the bank details as they are now. Correct them first: a "
            "facility's on its own page."
        ),
        done=gettext_lazy("The order was issued again."),
        form=forms.Form,
        do=payment_orders.reissue,
        open_to=own_state(OrderState.FAILED),
        permission="settlement.add_paymentorder",
    ),
)
