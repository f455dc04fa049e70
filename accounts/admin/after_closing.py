"""On the page of a closed account: the act that settles late news, and what was settled so far."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin.late_news import late_news
from accounts.after_closing import settle_late_news
from accounts.late_news import differences
from facilities.admin.acts import RecordAct
from office.admin.panels import Panel, linked


class SettleForm(forms.Form):
    evidence = forms.CharField(
        label=gettext_lazy("evidence number"),
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Of the bank slip, notice, letter or decision it rests on."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


def has_late_news(account) -> bool:
    if account.kind != "person" or account.closed_on is None:
        return False
    found = differences(scheme=account.scheme, people=[account.person])
    return any(row.adjustment is not None for row in found)


SETTLE = RecordAct(
    name="settle_late_news",
    label=gettext_lazy("Settle late news"),
    explained=gettext_lazy(
        "The account is closed and stays as it is: what was credited too much becomes a receivable from the"
        " person, what is still due is owed to the person or the heirs."
    ),
    done=gettext_lazy("The late news is settled."),
    form=SettleForm,
    do=settle_late_news,
    open_to=has_late_news,
    consequences=lambda request, account: [panel for panel in [late_news(request, account.person)] if panel],
    permission="accounts.recover_receivable",
)


def settled_late(request, account) -> Panel | None:
    """Late news that was settled after the account was closed, by whom and on what it rests."""
    rows = [
        (
            settled.entered_at,
            settled.amount if settled.amount > 0 else None,
            -settled.amount if settled.amount < 0 else None,
            settled.reason,
            settled.evidence,
            settled.entered_by or _("The portal"),
            linked(settled.voucher),
        )
        for settled in account.late_settlements.select_related("entered_by").order_by("-pk")
    ]
    if not rows:
        return None
    return Panel(
        title=_("Late news settled after closing"),
        columns={
            _("At"): "text",
            _("To be recovered"): "money",
            _("Still owed"): "money",
            _("Reason"): "text",
            _("Evidence number"): "text",
            _("By"): "text",
            _("Voucher"): "text",
        },
        rows=rows,
    )
