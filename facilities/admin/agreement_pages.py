"""Service agreements with their states and acts, and the list of those to renew."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter

from facilities.admin.acts import ActsAdmin, RecordAct, day_field, reason_field
from facilities.admin.facility_pages import COLOURS, state_badge
from facilities.admin.filters import Year
from facilities.agreements import draft_next, end, lift, sign, suspend, to_renew
from facilities.assessments import latest_results
from facilities.models import Agreement, AgreementState
from office.admin.pages import page
from office.admin.panels import Panel
from office.admin.records import RecordAdmin
from office.remembered import remembered
from office.scope import in_scope

COUNTED = 100


class State(DropdownFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return AgreementState.choices

    def queryset(self, request, queryset):
        return queryset.filter(state=self.value()) if self.value() else queryset


class FirstYear(Year):
    path = "first_day__year"


class AgreementForm(forms.ModelForm):
    class Meta:
        model = Agreement
        fields = "__all__"

    def _get_validation_exclusions(self):
        """Whether agreements overlap depends on when they ended, though the form does not ask for that."""
        return super()._get_validation_exclusions() - {"ended_on"}


class SignForm(forms.Form):
    on = day_field(gettext_lazy("Signed on"))


class SuspendForm(forms.Form):
    on = day_field(gettext_lazy("Suspended from"))
    reason = reason_field()


class LiftForm(forms.Form):
    on = day_field(gettext_lazy("In force again from"))
    reason = reason_field()


class EndForm(forms.Form):
    on = day_field(gettext_lazy("Last day in force"))
    reason = reason_field()


def _ends_later(agreement: Agreement) -> bool:
    return agreement.signed_on is not None and agreement.last_in_force >= timezone.localdate()


ACTS = (
    RecordAct(
        name="sign",
        label=gettext_lazy("Sign"),
        explained=gettext_lazy("From now on it counts, from its first day to its last."),
        done=gettext_lazy("The agreement is signed."),
        form=SignForm,
        do=sign,
        open_to=lambda agreement: agreement.signed_on is None,
    ),
    RecordAct(
        name="suspend",
        label=gettext_lazy("Suspend"),
        explained=gettext_lazy(
            "From this day on it does not hold until the suspension is lifted. A month in which it holds on "
            "no day has no heads and no prepayment."
        ),
        done=gettext_lazy("The agreement is suspended from this day on."),
        form=SuspendForm,
        do=suspend,
        open_to=lambda agreement: (
            agreement.signed_on is not None and not agreement.suspensions.filter(lifted_on=None).exists()
        ),
        danger=True,
    ),
    RecordAct(
        name="lift",
        label=gettext_lazy("Lift the suspension"),
        explained=gettext_lazy("From this day on the agreement holds again."),
        done=gettext_lazy("The agreement holds again from this day on."),
        form=LiftForm,
        do=lift,
        open_to=lambda agreement: agreement.suspensions.filter(lifted_on=None).exists(),
    ),
    RecordAct(
        name="end",
        label=gettext_lazy("End early"),
        explained=gettext_lazy("It holds on this day for the last time; another may begin after it."),
        done=gettext_lazy("The agreement ends on this day."),
        form=EndForm,
        do=end,
        open_to=_ends_later,
        danger=True,
    ),
)


def suspensions(request, agreement) -> Panel | None:
    found = agreement.suspensions.order_by("-first_day")
    if not found:
        return None
    return Panel(
        title=_("Suspensions"),
        columns={
            _("Suspended from"): "text",
            _("Reason"): "text",
            _("In force again from"): "text",
            _("Reason for lifting it"): "text",
        },
        rows=[
            (each.first_day, each.reason, each.lifted_on or _("still suspended"), each.lift_reason)
            for each in found
        ],
    )


@admin.register(Agreement)
class AgreementAdmin(ActsAdmin, RecordAdmin):
    empty_note = gettext_lazy("Agreements are signed with facilities here, or come with a file.")
    form = AgreementForm
    list_display = ["facility", "kind", "shown_state", "first_day", "last_in_force", "signed_on", "number"]
    exported = (
        "facility__code",
        "facility__name",
        "kind",
        "shown_state",
        "first_day",
        "last_day",
        "signed_on",
        "number",
    )
    list_display_links = ["facility"]
    list_select_related = ["facility"]
    list_filter = [
        State,
        FirstYear,
        ("kind", ChoicesDropdownFilter),
        ("facility__county", RelatedDropdownFilter),
        ("facility__level", ChoicesDropdownFilter),
    ]
    ordering = ["-first_day", "facility__code"]
    sortable_by = ()
    search_fields = ["facility__code__istartswith", "facility__name__contains", "number__istartswith"]
    search_help_text = gettext_lazy("Code or name of the facility, or number of the agreement")
    autocomplete_fields = ["facility"]
    counties = ("facility__county",)
    fields = ["facility", ("kind", "number"), ("first_day", "last_day"), "signed_on"]
    acts = ACTS
    panels = [suspensions]
    history_along = ("suspensions",)

    def get_queryset(self, request):
        return super().get_queryset(request).with_state(timezone.localdate())

    def get_form(self, request, obj=None, change=False, **kwargs):
        about = {"signed_on": _("Empty while it is a draft.")}
        return super().get_form(request, obj, change, **kwargs, help_texts=about)

    def get_readonly_fields(self, request, obj=None):
        """Who an agreement is with and of what kind stays; signing it is an act."""
        return [] if obj is None else ["facility", "kind", "signed_on"]

    def head_of(self, request, agreement):
        facts = [str(agreement.facility), agreement.get_kind_display()]
        if agreement.ended_on:
            facts.append(_("ended early on %(day)s") % {"day": agreement.ended_on})
            facts.append(agreement.end_reason)
        today = timezone.localdate()
        if coming := agreement.suspensions.filter(first_day__gt=today).order_by("first_day").first():
            facts.append(_("will be suspended from %(day)s on") % {"day": coming.first_day})
        if over := agreement.suspensions.filter(first_day__lte=today, lifted_on__gt=today).first():
            facts.append(_("in force again from %(day)s on") % {"day": over.lifted_on})
        if agreement.facility.closed_on:
            facts.append(_("the facility is closed from %(day)s") % {"day": agreement.facility.closed_on})
        return {"state": (COLOURS[agreement.state], AgreementState(agreement.state).label), "facts": facts}

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, agreement):
        return state_badge(agreement.state)

    @admin.display(description=gettext_lazy("last day"))
    def last_in_force(self, agreement):
        return agreement.last_in_force


def renewals_page(request):
    """Agreements that end soon; POST drafts the next ones of those that are ticked."""
    day = timezone.localdate()
    due = in_scope(to_renew(day=day), staff=request.user, by=("facility__county",))
    if request.method == "POST":
        if not request.user.has_perm("facilities.add_agreement"):
            raise PermissionDenied
        chosen = [int(number) for number in request.POST.getlist("agreement") if number.isdecimal()]
        _draft(request, due.filter(pk__in=chosen, next_draft=None).select_related("facility"))
        return redirect("renewals")
    assessed = latest_results()
    rows = [
        {
            "agreement": agreement,
            "badge": state_badge(agreement.state),
            "days": (agreement.last_day - day).days,
            "assessed": assessed.get(agreement.facility_id, ""),
            "ticked": agreement.state == AgreementState.IN_FORCE,
        }
        for agreement in due.select_related("facility", "facility__county")
    ]
    context = {
        "title": _("Agreements to renew"),
        "rows": rows,
        "may_draft": request.user.has_perm("facilities.add_agreement"),
    }
    return page(request, "facilities/renewals.html", context)


def waiting_for_renewal(request) -> int:
    """How many are on the list of whoever asked, counted up to `COUNTED`."""
    staff = request.user
    if not staff.is_authenticated or not staff.has_perm("facilities.view_agreement"):
        return 0
    return remembered(request, "renewals", lambda: count_renewals(staff))


def count_renewals(staff) -> int:
    due = in_scope(to_renew(day=timezone.localdate()), staff=staff, by=("facility__county",))
    return len(due.order_by().values_list("pk", flat=True)[:COUNTED])


def _draft(request, agreements) -> None:
    try:
        drafted = len(draft_next(agreements))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return
    if not drafted:
        messages.warning(request, _("Tick the agreements for which the next one is to be drafted."))
        return
    text = ngettext("%(count)s agreement was drafted.", "%(count)s agreements were drafted.", drafted)
    messages.success(request, text % {"count": drafted})
