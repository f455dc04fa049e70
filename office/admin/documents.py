"""The register of printed documents, where a paper is checked by its code: genuine, and still true?"""

from django.apps import apps
from django.contrib import admin
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateFilter

from office.admin.panels import Panel, linked
from office.admin.records import ReadOnlyAdmin
from office.models import Document
from office.models.document import CODE_LENGTH, LETTERS
from office.templatetags.figures import badge, yuan


def code_in(text: str) -> str:
    """The code somebody typed or scanned, however it was grouped; empty where it cannot be one."""
    code = text.upper().replace("-", "").replace(" ", "")
    return code if len(code) == CODE_LENGTH and set(code) <= set(LETTERS) else ""


def verdict(request, document: Document) -> Panel:
    """What the record says now beside what was printed."""
    model_admin = admin.site.get_model_admin(apps.get_model(document.subject))
    kind = next((kind for kind in model_admin.papers if kind.name == document.kind), None)
    record = model_admin.get_queryset(request).filter(pk=document.record).first()
    may_see = model_admin.has_view_permission(request)
    columns = {
        _("Genuine"): "text",
        _("As printed"): "money",
        _("Now"): "money",
        _("Record"): "text",
    }
    genuine = badge("done", _("printed by this portal"))
    if record is None or kind is None or not may_see:
        rows = [(genuine, document.amount, None, _("no longer there, or not yours to see"))]
        return Panel(title=_("Verification"), columns=columns, rows=rows)
    with translation.override(document.language):
        paper = kind.paper(record, document.part)
    unchanged = paper.digest == document.digest
    told = badge("done", _("unchanged")) if unchanged else badge("error", _("changed since it was printed"))
    figures = [(_("Figures"), told)]
    if paper.void:
        figures.append((_("Standing"), badge("reversed", paper.void)))
    return Panel(
        title=_("Verification"),
        columns=columns,
        rows=[(genuine, document.amount, paper.amount, linked(record))],
        figures=figures,
        note=""
        if unchanged
        else _("What stands on this paper is no longer what is on record: print it anew if it is needed."),
    )


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    empty_note = gettext_lazy("Every document that was issued stands here, under its verification code.")
    list_display = ["spelt", "title", "number", "amount_shown", "by", "at"]
    exported = ("spelt", "title", "number", "amount", "digest", "by", "at")
    list_display_links = ["spelt", "title"]
    list_select_related = ["by"]
    list_filter = [("title", FieldTextFilter), ("at", RangeDateFilter)]
    list_before_template = "office/documents.html"
    search_fields = ["number__istartswith"]
    search_help_text = gettext_lazy("Verification code, or number of the document")
    ordering = ["-id"]
    sortable_by = ()
    counties = ("county",)
    fields = [("title", "number"), ("spelt", "amount_shown"), ("by", "at"), "digest"]
    readonly_fields = ["spelt", "amount_shown", "at"]
    panels = [verdict]
    palette_icon = "verified"

    def get_search_results(self, request, queryset, search_term):
        if code := code_in(search_term):
            return queryset.filter(code=code), False
        return super().get_search_results(request, queryset, search_term)

    def changelist_view(self, request, extra_context=None):
        """The register; a code in the search box, typed or scanned, leads to its document."""
        if code := code_in(request.GET.get("q", "")):
            found = self.get_queryset(request).filter(code=code).first()
            if found and self.has_view_permission(request):
                return redirect(reverse("admin:office_document_change", args=[found.pk]))
        unknown = code if request.method == "GET" else ""
        return super().changelist_view(request, {"unknown_code": unknown, **(extra_context or {})})

    @admin.display(description=gettext_lazy("verification code"))
    def spelt(self, document):
        return document.spelt_code

    @admin.display(description=pgettext_lazy("document", "amount"))
    def amount_shown(self, document):
        return yuan(document.amount)
