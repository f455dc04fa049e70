"""Lists taken away as files: the button on a list, the page that asks how, and what stands in the file.

django-import-export is not used for it: it gathers the whole file in memory (tablib: 328 MB for 100 000 rows)
and wants a resource class beside each list, which declares its columns already.
"""

from collections.abc import Iterator
from typing import ClassVar

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from office import exports
from office.access import note
from office.acting import address_of
from office.admin.columns import Column, columns_of
from office.admin.pages import page
from office.admin.printing import MOST
from office.export_tasks import enqueue
from office.kinds import Table
from office.models import Act, Export, ExportState
from office.papers import PaperKind
from office.tables import CONTENT_TYPES, download
from office.uploads import blocks

SHOWN = 50
BATCH = 2_000


class ExportForm(forms.Form):
    """As what kind of file, and whether with numbers in full, which needs a reason."""

    extension = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[("xlsx", "Excel (.xlsx)"), ("csv", "CSV")],
        initial="xlsx",
        widget=UnfoldAdminSelectWidget,
    )
    numbers = forms.ChoiceField(
        label=gettext_lazy("Identity numbers, phones and bank accounts"),
        choices=[("masked", gettext_lazy("Masked")), ("opened", gettext_lazy("In full, on record"))],
        initial="masked",
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for numbers in full"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    part = forms.CharField(required=False, max_length=10, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args, may_open: bool, papers: list[PaperKind], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["extension"].choices += [
            (f"{extension}:{kind.name}", told % {"document": kind.label})
            for kind in papers
            for extension, told in (("pdf", _("PDF: %(document)s")), ("zip", _(".zip of PDFs: %(document)s")))
        ]
        part_label = next((kind.part_label for kind in papers if kind.part_label), "")
        if part_label:
            self.fields["part"].label = part_label
        else:
            del self.fields["part"]
        if not may_open:
            del self.fields["numbers"], self.fields["reason"]

    def clean(self):
        data = super().clean()
        if data.get("numbers") == "opened" and not data.get("reason"):
            self.add_error("reason", _("Say why you need the numbers in full."))
        if data.get("numbers") == "opened" and ":" in data.get("extension", ""):
            self.add_error("numbers", _("Documents show numbers masked."))
        return data

    @property
    def paper(self) -> str:
        """The document to print of each record, where it is not the list that is wanted."""
        return self.cleaned_data["extension"].partition(":")[2]

    @property
    def opened_for(self) -> str:
        return self.cleaned_data["reason"] if self.cleaned_data.get("numbers") == "opened" else ""


class Exported:
    """For the admin of a list: exactly what is filtered and in scope, with the columns shown, or those named.

    exported: columns of the file, as in `list_display`, or paths to fields such as "person__name".
    opened: of masked columns the path to what they mask, for exports of those who may open it.
    """

    exported: ClassVar[tuple[str, ...]] = ()
    opened: ClassVar[dict[str, str]] = {}
    show_permission = ""

    def get_urls(self):
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name=self._export_url), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        link = None
        if self.may_export(request):
            link = reverse(f"admin:{self._export_url}", query=request.GET or None)
        return super().changelist_view(request, {"export_link": link, **(extra_context or {})})

    def may_export(self, request) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(exports.PERMISSION)

    def may_open(self, request) -> bool:
        return bool(self.opened.keys() & self._names()) and request.user.has_perm(self.show_permission)

    def export_view(self, request):
        """Ask as what kind of file; a short list is given at once, a long one written in the background."""
        if not self.may_export(request):
            raise PermissionDenied
        papers = [kind for kind in self.papers if not kind.needs or request.user.has_perm(kind.needs)]
        form = ExportForm(request.POST or None, may_open=self.may_open(request), papers=papers)
        found = self.get_changelist_instance(request).queryset
        count = found.order_by()[: exports.AT_ONCE + 1].count()
        if request.method == "POST" and form.is_valid() and self._in_bounds(form, found):
            return self._export(request, form, at_once=count <= exports.AT_ONCE)
        listed = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context = {
            "form": form,
            "title": _("Export: %(list)s") % {"list": self.opts.verbose_name_plural},
            "count": count,
            "at_once": count <= exports.AT_ONCE,
            "limit": exports.AT_ONCE,
            "columns": list(self.table_of(request, opened=False).columns),
            "filtered": bool(request.GET),
            "back": f"{listed}?{request.GET.urlencode()}" if request.GET else listed,
            "opts": self.opts,
            "is_fullwidth": "1",
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request, "office/export.html", {**self.admin_site.each_context(request), **context}
        )

    def _in_bounds(self, form: ExportForm, found: QuerySet) -> bool:
        """Whether no more documents are asked for than a worker draws within minutes."""
        if form.paper and found.order_by()[: MOST + 1].count() > MOST:
            form.add_error(
                "extension", _("At most %(most)s documents at a time: narrow the list.") % {"most": MOST}
            )
            return False
        return True

    def _export(self, request, form: ExportForm, *, at_once: bool):
        extension, reason = form.cleaned_data["extension"].partition(":")[0], form.opened_for
        if form.paper:
            part = form.cleaned_data.get("part", "")
            return self.print_later(
                request, query=request.GET.urlencode(), extension=extension, paper=form.paper, part=part
            )
        if not at_once:
            export = exports.ask(
                listed=self.opts.label_lower,
                query=request.GET.urlencode(),
                extension=extension,
                by=request.user,
                address=address_of(request),
                opened_for=reason,
            )
            enqueue(export)
            return redirect("exports")
        table = self.table_of(request, opened=bool(reason))
        table = Table(title=table.title, columns=table.columns, rows=list(table.rows))
        note(
            request,
            Act.EXPORT_OPENED if reason else Act.EXPORT,
            subject=self.opts.label_lower,
            detail=exports.detail_of(
                rows=len(table.rows), extension=extension, query=request.GET, reason=reason
            ),
        )
        return download(table, extension)

    def print_later(self, request, *, query: str, extension: str, paper: str, part: str = ""):
        """Have a worker print a document of each record the query leaves of the list."""
        if not self.may_export(request):
            raise PermissionDenied
        export = exports.ask(
            listed=self.opts.label_lower,
            query=query,
            extension=extension,
            by=request.user,
            address=address_of(request),
            paper=paper,
            part=part,
        )
        enqueue(export)
        return redirect("exports")

    def table_of(self, request, *, opened: bool) -> Table:
        """The list as its page shows it to whoever asks; the rows are read as they are written."""
        columns = columns_of(self, self._names(), opened=self.opened if opened else {})
        found = self.get_changelist_instance(request).queryset
        return Table(
            title=str(self.opts.verbose_name_plural),
            columns={column.header: column.kind for column in columns},
            rows=self._rows(found, columns),
        )

    def _rows(self, found: QuerySet, columns: list[Column]) -> Iterator[tuple]:
        values = [column.value for column in columns]
        for record in found.select_related(*self._relations()).iterator(chunk_size=BATCH):
            yield tuple([value(record) for value in values])

    def _names(self) -> list[str]:
        return [name for name in self.exported or self.list_display if name != "action_checkbox"]

    def _relations(self) -> set[str]:
        """The records along the paths of the columns and those the list reads, read with it."""
        relations = {field.name for field in self.opts.fields if field.many_to_one}
        along = {name.rpartition("__")[0] for name in self._names()} - {""}
        return along | relations.intersection(self._names()) | set(self.list_select_related or ())

    @property
    def _export_url(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_export"


def my_exports_page(request):
    """What whoever asks has exported in the background, and how far that is."""
    mine = Export.objects.filter(asked_by=request.user)[:SHOWN]
    context = {
        "title": _("My exports"),
        "exports": [(export, _list_name(export), exports.rows_so_far(export)) for export in mine],
        "waiting": any(export.state == ExportState.WAITING for export in mine),
        "kept_days": settings.EXPORTS_KEPT_DAYS,
    }
    return page(request, "office/my_exports.html", context)


@require_GET
def export_file(request, number):
    """The file, to whoever asked for it, until it is deleted."""
    mine = Export.objects.filter(asked_by=request.user, state=ExportState.DONE, forgotten_at=None)
    export = get_object_or_404(mine, pk=number)
    note(request, Act.DOWNLOAD, subject=export, detail=export.listed)
    response = StreamingHttpResponse(blocks(export.stored_as), content_type=CONTENT_TYPES[export.extension])
    name = f"{_list_name(export)}-{localtime(export.created_at):%Y%m%d-%H%M}.{export.extension}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


def _list_name(export: Export) -> str:
    model = apps.get_model(export.listed)
    labels = {kind.name: kind.label for kind in site.get_model_admin(model).papers}
    return str(labels.get(export.paper) or model._meta.verbose_name_plural)
