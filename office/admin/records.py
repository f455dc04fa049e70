"""What all lists and records share: never count or sort a million rows, never fail on a refused row."""

from typing import ClassVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.db import IntegrityError, connection, transaction
from django.http import Http404, HttpResponseRedirect
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextInputWidget

from office.admin.exports import Exported
from office.admin.filters import Filtered
from office.admin.lighter import lighter_form, lighter_list
from office.admin.panels import PanelOf
from office.admin.printing import Printed
from office.admin.timeline import timeline
from office.fields import MonthField
from office.models import County, Staff
from office.scope import in_scope

# Typing "2023-03" is quicker than any picker.
MONTH_INPUT = {"placeholder": "YYYY-MM", "inputmode": "numeric", "maxlength": "7"}


class Titled:
    """A record under another title than its own, for libraries' records that call themselves in English."""

    def __init__(self, record, title):
        self._record, self._title = record, title

    def __getattr__(self, name):
        return getattr(self._record, name)

    def __str__(self):
        return str(self._title)


class RecordAdmin(Filtered, Exported, Printed, ModelAdmin):
    """Records people keep: listed without a COUNT, saved or refused with a reason, shown with panels."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    list_before_template = "office/list_note.html"
    # Said above the list to whoever works for some counties only.
    list_note = ""
    # Said where the list is still empty: where what it would hold comes from.
    empty_note = ""
    list_fullwidth = True
    list_filter_submit = True
    show_facets = ShowFacets.NEVER  # each count would be one over all rows
    compressed_fields = True
    warn_unsaved_form = True
    actions = None
    change_form_outer_after_template = "office/panels.html"
    panels: ClassVar[list[PanelOf]] = []
    # Relations to records whose history is told on this one's page too.
    history_along: ClassVar[tuple[str, ...]] = ()
    # Paths to the counties a record belongs to; without, it is the whole agency's.
    counties: ClassVar[tuple[str, ...]] = ()
    # Where Ctrl-K finds such records (settings.PALETTE): their icon there.
    palette_icon = "article"
    # What the button for a new record says.
    add_label = gettext_lazy("Add")
    formfield_overrides = {MonthField: {"widget": UnfoldAdminTextInputWidget(attrs=MONTH_INPUT)}}

    @property
    def readonly_preprocess_fields(self) -> dict:
        """Colleagues are named without a link: their sign-ins are for the security administrator alone."""
        people = [field.name for field in self.opts.fields if field.related_model is Staff]
        return dict.fromkeys(people, _without_link)

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        queryset = super().get_queryset(request)
        return in_scope(queryset, staff=request.user, by=self.counties) if self.counties else queryset

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """What may be chosen; who works for some counties enters nothing for another, or for none."""
        if db_field.related_model is not County or request.user.sees_whole_city:
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        field = super().formfield_for_foreignkey(db_field, request, empty_label=None, **kwargs)
        field.queryset = in_scope(County.objects.all(), staff=request.user, by=("pk",))
        field.required = True
        return field

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        """Django would lead to the first page and say so there; out of sight is simply not there."""
        raise Http404

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """A field for a column; what it points to is edited on its own page, not in a pop-up window."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for offer in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if field is not None and hasattr(field.widget, offer):
                setattr(field.widget, offer, False)
        return field

    def changelist_view(self, request, extra_context=None):
        response = super().changelist_view(request, extra_context)
        if hasattr(response, "context_data") and "media" in response.context_data:
            response.context_data["media"] = lighter_list(response.context_data["media"])
        return response

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """The form's own checks know every constraint; this is for what somebody else saved in between."""
        try:
            with transaction.atomic():
                response = super().changeform_view(request, object_id, form_url, extra_context)
                connection.check_constraints()  # the deferred ones too, while there is a page to say it on
                return response
        except IntegrityError:
            messages.error(
                request,
                _("This was not saved: it contradicts what was saved meanwhile. Look again and repeat."),
            )
            return HttpResponseRedirect(request.get_full_path())

    def in_brief(self, record) -> str:
        """What Ctrl-K says of a record beside its name; numbers are masked."""
        return ""

    def title_of(self, record):
        """What the record is called above its page, where it should not be its own name."""
        return record

    def panels_of(self, request, record) -> list:
        return [panel(request, record) for panel in self.panels]

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context["original"] = Titled(obj, self.title_of(obj))
            found = self.panels_of(request, obj)
            context["show_save_and_add_another"] = False
            found.append(timeline(request, obj, along=self.history_along))
            context["panels"] = [
                panel for some in found if some for panel in (some if isinstance(some, list) else [some])
            ]
        context["media"] = lighter_form(context["media"], form=context["adminform"])
        return super().render_change_form(request, context, add, change, form_url, obj)


def _without_link(shown: str) -> SafeString:
    """What stands in a link, which Django escaped."""
    return mark_safe(strip_tags(shown))


class ReadOnlyAdmin(RecordAdmin):
    """What is written by the portal's own work and only looked at here."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
