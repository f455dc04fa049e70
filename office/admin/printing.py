"""Documents on paper of records: the PDF of one, and those of a whole list among its exports."""

from collections.abc import Iterator
from typing import ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from office.access import note
from office.documents import issue, pdf_of, served_pdf
from office.models import Act, Document
from office.papers import Paper, PaperKind

# A longer list is to be narrowed: a page takes a tenth of a second.
MOST = 5_000


class Printed:
    """For the admin of records that are printed: `papers` are the documents there are of one."""

    papers: ClassVar[tuple[PaperKind, ...]] = ()

    def get_urls(self):
        view = self.admin_site.admin_view(self.paper_view)
        return [path("<int:number>/<slug:name>.pdf", view, name=self._paper_url), *super().get_urls()]

    def paper_view(self, request, number, name):
        """A document of one record, entered into the register as it is printed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = get_object_or_404(self.get_queryset(request), pk=number)
        kind = self.paper_kind(request, name)
        home = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk])
        if not kind.open_to(record):
            messages.error(request, _("There is no such document of it as it stands now."))
            return redirect(home)
        part = request.GET.get("part", "")[:10]
        if not part and len(kind.parts(record)) > 1:
            return self.print_later(request, query=f"id__exact={record.pk}", extension="pdf", paper=name)
        try:
            paper, document = issue(
                record,
                kind,
                part=part,
                county=self._county_of(record),
                by=request.user,
            )
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
            return redirect(home)
        note(request, Act.EXPORT, subject=record, detail=f"pdf {name} {document.code}")
        return served_pdf(pdf_of(paper, document), document=document)

    def paper_kind(self, request, name: str) -> PaperKind:
        """The document of that name; raises Http404, and PermissionDenied where it is not this person's."""
        kind = next((kind for kind in self.papers if kind.name == name), None)
        if kind is None:
            raise Http404
        if kind.needs and not request.user.has_perm(kind.needs):
            raise PermissionDenied
        return kind

    def papers_of(self, request, record) -> list[tuple[str, str]]:
        """What may be printed of a record: what the button says, and where it leads."""
        return [
            (kind.label, reverse(f"admin:{self._paper_url}", args=[record.pk, kind.name]))
            for kind in self.papers
            if (not kind.needs or request.user.has_perm(kind.needs)) and kind.open_to(record)
        ]

    def issued(self, request, *, name: str, part: str) -> Iterator[tuple[Paper, Document]]:
        """A newly issued document of each record of the list as it is filtered, where there is one."""
        kind = self.paper_kind(request, name)
        found = self.get_changelist_instance(request).queryset
        for record in found.iterator(chunk_size=200):
            if kind.open_to(record):
                for each in [part] if part else kind.parts(record) or [""]:
                    yield issue(record, kind, part=each, county=self._county_of(record), by=request.user)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context["papers"] = self.papers_of(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _county_of(self, record) -> int | None:
        """The county a record belongs to, by the first of the admin's paths that leads to one."""
        for way in self.counties:
            *along, last = way.split("__")
            holder = record
            for name in along:
                holder = holder and getattr(holder, name)
            if holder and (county := getattr(holder, f"{last}_id")):
                return county
        return None

    @property
    def _paper_url(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_paper"
