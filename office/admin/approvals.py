"""Who approves what: the chains, who signs for whom, and what waits for the person who looks."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminSelectWidget

from office import approvals, signing
from office.admin.pages import page
from office.admin.panels import Panel, linked
from office.admin.records import ReadOnlyAdmin, RecordAdmin
from office.models import ApprovalChain, Delegation, Staff, StepKind
from office.worklist import Pile, waiting_on

STEPS = 4


class ChainForm(forms.ModelForm):
    """The steps in order, one choice for each."""

    class Meta:
        model = ApprovalChain
        fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for number in range(1, STEPS + 1):
            self.fields[f"step_{number}"] = forms.ChoiceField(
                label=_("Step %(number)s") % {"number": number},
                choices=[("", "–"), *StepKind.choices],
                required=False,
                initial=dict(enumerate(self.instance.steps, start=1)).get(number, ""),
                widget=UnfoldAdminSelectWidget,
            )

    def clean(self):
        data = super().clean()
        steps = [step for number in range(1, STEPS + 1) if (step := data.get(f"step_{number}"))]
        if not [step for step in steps if step != StepKind.RELEASE]:
            raise forms.ValidationError(_("A run needs at least one review or audit before it is posted."))
        if StepKind.RELEASE in steps[:-1]:
            raise forms.ValidationError(_("The release by finance comes last, and once."))
        self.instance.steps = steps
        return data


@admin.register(ApprovalChain)
class ApprovalChainAdmin(RecordAdmin):
    list_display = ["kind", "shown_steps"]
    ordering = ["kind"]
    sortable_by = ()
    form = ChainForm

    @admin.display(description=gettext_lazy("steps"))
    def shown_steps(self, chain):
        return chain.steps_in_words

    def get_fieldsets(self, request, obj=None):
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": ["shown_steps"]})]
        about = _(
            "Holds for runs computed from now on; a run under way keeps the steps it was computed under."
        )
        steps = tuple(f"step_{number}" for number in range(1, STEPS + 1))
        return [(None, {"fields": steps, "description": about})]

    def get_readonly_fields(self, request, obj=None):
        return ["shown_steps"]

    def get_form(self, request, obj=None, change=False, **kwargs):
        """The fields are the form's own, not the model's; who only looks is given none of them."""
        fields = None if self.has_change_permission(request, obj) else []
        return super().get_form(request, obj, change, **kwargs | {"fields": fields})

    def has_add_permission(self, request):
        return False


class DelegationForm(forms.ModelForm):
    class Meta:
        model = Delegation
        fields = ("principal", "delegate", "first_day", "last_day", "reason")

    def clean(self):
        data = super().clean()
        if data.get("last_day") and data["last_day"] < timezone.localdate():
            self.add_error("last_day", _("This day is over."))
        return data


@admin.register(Delegation)
class DelegationAdmin(ReadOnlyAdmin):
    """Made for oneself, or by an administrator for others; revoked, never changed."""

    empty_note = gettext_lazy("Who is away names here who signs for them.")
    list_display = ["principal", "delegate", "first_day", "last_day", "state", "reason", "made_by"]
    list_select_related = ["principal", "delegate", "made_by"]
    ordering = ["-id"]
    sortable_by = ()
    form = DelegationForm
    add_label = gettext_lazy("Delegate")

    @admin.display(description=gettext_lazy("state"))
    def state(self, delegation):
        return state_of(delegation)

    def has_add_permission(self, request):
        return request.user.has_perm("office.add_delegation")

    def get_urls(self):
        revoke = self.admin_site.admin_view(self.revoke)
        return [path("<int:number>/revoke/", revoke, name="office_delegation_revoke"), *super().get_urls()]

    def get_fields(self, request, obj=None):
        own = ["delegate", ("first_day", "last_day"), "reason"]
        return ["principal", *own] if request.user.has_perm("office.delegate_for_others") else own

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        # Who cannot open a run of the whole city could sign none.
        kwargs["queryset"] = (
            Staff.objects.filter(is_active=True, whole_city=True, groups__permissions__codename="view_run")
            .exclude(pk=request.user.pk if db_field.name == "delegate" else None)
            .distinct()
            .order_by("username")
        )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        if not request.user.has_perm("office.delegate_for_others"):
            obj.principal = request.user
        obj.made_by = request.user
        super().save_model(request, obj, form, change)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The page of a delegation, with the button that revokes it."""
        delegation = self._delegation(request, object_id)
        around = {**self.admin_site.each_context(request), "opts": self.opts, "original": delegation}
        context = {
            "title": str(delegation),
            "delegation": delegation,
            "state": state_of(delegation),
            "may_revoke": may_revoke(request.user, delegation),
            "panels": [signed_under(delegation)],
            "is_fullwidth": "1",
        }
        return TemplateResponse(request, "office/delegation.html", around | context)

    @method_decorator(require_POST)
    def revoke(self, request, number):
        delegation = self._delegation(request, number)
        if not may_revoke(request.user, delegation):
            raise PermissionDenied
        delegation.revoked_by, delegation.revoked_at = request.user, timezone.now()
        delegation.save(update_fields=["revoked_by", "revoked_at"])
        messages.success(request, _("Revoked: it counts no longer."))
        return redirect("admin:office_delegation_change", delegation.pk)

    def _delegation(self, request, number) -> Delegation:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not str(number).isdecimal():
            raise Http404
        people = ("principal", "delegate", "made_by", "revoked_by")
        return get_object_or_404(Delegation.objects.select_related(*people), pk=number)


def state_of(delegation: Delegation) -> str:
    today = timezone.localdate()
    if delegation.revoked_at:
        return _("revoked")
    if delegation.first_day > today:
        return _("not yet")
    return _("over") if delegation.last_day < today else _("holds")


def may_revoke(staff: Staff, delegation: Delegation) -> bool:
    """Both sides and whoever may delegate for others, while there is anything left to revoke."""
    concerned = staff.pk in (delegation.principal_id, delegation.delegate_id)
    over = delegation.revoked_at or delegation.last_day < timezone.localdate()
    return not over and (concerned or staff.has_perm("office.delegate_for_others"))


def signed_under(delegation: Delegation) -> Panel:
    """What the delegate signed for the principal in its days."""
    signed = signing.signed_for(delegation)
    return Panel(
        title=_("Signed on behalf"),
        columns={_("At"): "text", _("What"): "text", _("Step"): "text"},
        rows=[(each.at, linked(signing.what_was_signed(each)), each.get_step_display()) for each in signed],
    )


def waiting_page(request):
    """The person's inbox: all that waits for them, news first seen at a glance."""
    rows = [
        (
            format_html('{} <i class="news" title="{}"></i>', item.asked, _("News"))
            if item.news
            else item.asked,
            format_html('<a class="link" href="{}">{}</a>', item.url, item.said)
            if isinstance(item, Pile)
            else linked(item.record),
            item.amount,
            item.by,
            item.since,
        )
        for item in waiting_on(request)
    ]
    columns = {_("Asked"): "text", _("What"): "text", _("Amount"): "money"}
    columns |= {_("Prepared by"): "text", _("Since"): "text"}
    panel = Panel(title=_("Waiting for me"), columns=columns, rows=rows, empty=_("Nothing waits for you."))
    delegations = approvals.delegations_to(request.user)
    context = {"title": _("Waiting for me"), "panels": [panel], "delegations": delegations}
    return page(request, "office/waiting.html", context)
