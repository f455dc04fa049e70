"""Imports: a file is uploaded, checked in the background, looked at, and applied exactly as looked at."""

import tempfile
from contextlib import ExitStack

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from office import imports, undoing
from office.access import note
from office.admin.import_page import import_page, undo_page
from office.admin.panels import badged
from office.admin.records import ReadOnlyAdmin
from office.import_tasks import enqueue
from office.import_template import write_template
from office.layouts import layout
from office.models import Act, ImportFile, ImportState, Origin, Scheme
from office.policy import schemes_here
from office.returned import write_returned_workbook
from office.staging import Refused, rows_read
from office.tables import CONTENT_TYPES
from office.templatetags.figures import whole

STOP_POLLING = 286
WAITING = (ImportState.UPLOADED, ImportState.CHECKING, *imports.WRITING)
# The one layout whose file does not say itself for which scheme and year it is.
OF_A_YEAR = "usage"


class UploadForm(forms.Form):
    """A file and what is in it."""

    layout = forms.ChoiceField(
        label=gettext_lazy("What the file holds"),
        widget=UnfoldAdminSelectWidget(attrs={"x-model": "layout"}),
    )
    scheme = forms.ChoiceField(label=gettext_lazy("Scheme"), required=False, widget=UnfoldAdminSelectWidget)
    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        required=False,
        min_value=2000,
        max_value=2100,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    file = forms.FileField(
        label=gettext_lazy("File (.xlsx or .csv)"),
        allow_empty_file=True,  # told with the file's other faults
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xlsx,.csv"}),
    )

    def __init__(self, *args, layouts: list[str], **kwargs):
        super().__init__(*args, **kwargs)
        here = schemes_here()
        self.fields["layout"].choices = [(name, _(layout(name).label)) for name in layouts]
        self.fields["scheme"].choices = [choice for choice in Scheme.choices if choice[0] in here]

    def clean(self):
        data = super().clean()
        data["parameters"] = {}
        if data.get("layout") == OF_A_YEAR:
            if not data.get("year"):
                self.add_error("year", _("Enter a year."))
            data["parameters"] = {"year": data.get("year"), "scheme": data.get("scheme")}
        return data


class LayoutFilter(DropdownFilter):
    title = gettext_lazy("what the file holds")
    parameter_name = "layout"

    def lookups(self, request, model_admin):
        return [(name, _(layout(name).label)) for name in settings.IMPORT_LAYOUTS]

    def queryset(self, request, queryset):
        return queryset.filter(layout=self.value()) if self.value() else queryset


@admin.register(ImportFile)
class ImportAdmin(ReadOnlyAdmin):
    empty_note = gettext_lazy("Every file that was uploaded stands here, with what was wrong in it.")
    list_display = [
        "name",
        "holds",
        "badge",
        "rows_shown",
        "rejected",
        "uploaded_by",
        "created_at",
        "applied_at",
    ]
    list_select_related = ["uploaded_by"]
    list_filter = [LayoutFilter, ("state", ChoicesDropdownFilter)]
    ordering = ["-id"]
    sortable_by = ()
    add_label = gettext_lazy("Upload a file")

    @admin.display(description=gettext_lazy("what the file holds"))
    def holds(self, import_file):
        return _(layout(import_file.layout).label)

    @admin.display(description=gettext_lazy("state"))
    def badge(self, import_file):
        return badged(import_file)

    @admin.display(description=gettext_lazy("rows of the file"))
    def rows_shown(self, import_file):
        return whole(import_file.counts.get("rows"))

    @admin.display(description=gettext_lazy("rejected rows"))
    def rejected(self, import_file):
        return whole(import_file.counts.get("rejected"))

    def get_queryset(self, request):
        """Who works for some counties only sees their own files: others' may name people out of sight."""
        files = super().get_queryset(request)
        return files if request.user.sees_whole_city else files.filter(uploaded_by=request.user)

    def has_add_permission(self, request):
        return bool(imports.importable(request.user))

    def get_urls(self):
        def named(pattern, view, name):
            return path(pattern, self.admin_site.admin_view(view), name=f"office_importfile_{name}")

        return [
            named("template/<str:name>.xlsx", self.template, "template"),
            named("<int:number>/progress/", self.progress, "progress"),
            named("<int:number>/returned.xlsx", self.returned, "returned"),
            named("<int:number>/apply/", self.apply, "apply"),
            named("<int:number>/check/", self.check_again, "check"),
            named("<int:number>/cancel/", self.give_up, "cancel"),
            named("<int:number>/undo/", self.undo, "undo"),
            *super().get_urls(),
        ]

    def add_view(self, request, form_url="", extra_context=None):
        """Take a file and have it checked."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        importable = imports.importable(request.user)
        form = UploadForm(
            request.POST or None,
            request.FILES or None,
            layouts=importable,
            initial={"layout": request.GET.get("layout"), "year": timezone.localdate().year - 1},
        )
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            import_file = imports.upload(
                layout=given["layout"],
                name=given["file"].name,
                content=given["file"].chunks(),
                by=request.user,
                origin=Origin.PAGE,
                parameters=given["parameters"],
            )
            enqueue(import_file)
            return redirect("admin:office_importfile_change", import_file.pk)
        layouts = [layout(name) for name in importable]
        context = {"form": form, "title": _("Upload a file"), "layouts": layouts}
        return self._page(request, "office/import_upload.html", context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """What became of the file, or would."""
        import_file = self._file(request, object_id)
        context = {
            "original": import_file,
            "title": str(import_file),
            "waiting": import_file.state in WAITING,
            "may_apply": import_file.layout in imports.importable(request.user),
            **import_page(import_file, request.GET),
        }
        return self._page(request, "office/import.html", context)

    @method_decorator(require_GET)
    def progress(self, request, number):
        """Asked for every second while the file is worked on; then the page reloads."""
        import_file = self._file(request, number)
        if import_file.state not in WAITING:
            return HttpResponse(status=STOP_POLLING, headers={"HX-Refresh": "true"})
        if rows := rows_read(import_file):
            return HttpResponse(_("%(rows)s rows read …") % {"rows": whole(rows)})
        return HttpResponse(status=204)

    @method_decorator(require_POST)
    def apply(self, request, number):
        """Have a worker carry the import out as it was shown; a refusal is told."""
        try:
            enqueue(imports.confirm(self._to_change(request, number), by=request.user))
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("admin:office_importfile_change", number)

    @method_decorator(require_POST)
    def check_again(self, request, number):
        """Check the file again against the records as they are now."""
        import_file = self._to_change(request, number)
        if ImportFile.objects.filter(pk=number, state=ImportState.CHECKED).update(state=ImportState.UPLOADED):
            import_file.refresh_from_db()
            enqueue(import_file)
        return redirect("admin:office_importfile_change", number)

    @method_decorator(require_POST)
    def give_up(self, request, number):
        """Give the file up."""
        try:
            imports.cancel(self._to_change(request, number))
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("admin:office_importfile_change", number)

    @method_decorator(require_http_methods(["GET", "POST"]))
    def undo(self, request, number):
        """What taking the import back would do, and having a worker do it."""
        import_file = self._to_change(request, number)
        if request.method == "POST":
            try:
                reason = request.POST.get("reason", "")[:200]
                enqueue(undoing.confirm_undo(import_file, by=request.user, reason=reason))
            except Refused as refused:
                messages.error(request, str(refused))
            return redirect("admin:office_importfile_change", number)
        if import_file.state != ImportState.APPLIED:
            return redirect("admin:office_importfile_change", number)
        return self._page(request, "office/import_undo.html", undo_page(import_file))

    @method_decorator(require_GET)
    def returned(self, request, number):
        """The rejected rows as the clerk's own workbook, with the reasons."""
        import_file = self._file(request, number)
        if not import_file.counts.get("rejected") or import_file.forgotten_at:
            raise Http404
        note(request, Act.DOWNLOAD, subject=import_file, detail=gettext_noop("returned workbook"))
        name = _("%(name)s – rejected rows.xlsx") % {"name": import_file.name.rsplit(".", 1)[0]}
        return _workbook(name, lambda file: write_returned_workbook(import_file, file))

    @method_decorator(require_GET)
    def template(self, request, name):
        """An empty workbook with the columns of a layout."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if name not in settings.IMPORT_LAYOUTS:
            raise Http404
        declared = layout(name)
        file_name = _("%(layout)s template.xlsx") % {"layout": _(declared.label)}
        return _workbook(file_name, lambda file: write_template(declared, file))

    def _file(self, request, number) -> ImportFile:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not str(number).isdecimal():
            raise Http404
        files = self.get_queryset(request).select_related("uploaded_by", "applied_by", "undone_by", "repeats")
        return get_object_or_404(files, pk=number)

    def _to_change(self, request, number) -> ImportFile:
        import_file = self._file(request, number)
        if import_file.layout not in imports.importable(request.user):
            raise PermissionDenied
        return import_file

    def _page(self, request, template: str, context: dict):
        request.current_app = self.admin_site.name
        around = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, template, around | context)


def _workbook(name: str, write) -> FileResponse:
    with ExitStack() as open_files:
        file = open_files.enter_context(tempfile.TemporaryFile())
        write(file)
        file.seek(0)
        open_files.pop_all()  # the response closes it
    return FileResponse(file, as_attachment=True, filename=name, content_type=CONTENT_TYPES["xlsx"])
