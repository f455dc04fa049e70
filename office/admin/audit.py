"""For the audit administrator: who changed what, who looked at what, the daily seals. Read and exported."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.utils import parse_date_str

from office.admin.changes import (
    because_of,
    business_of,
    kind_name,
    lines_of,
    subject_in_words,
    what,
    where_from,
    who,
)
from office.admin.records import ReadOnlyAdmin
from office.history import RECORDED
from office.kinds import Table
from office.models import AccessRecord, History, HistoryHead, Operation

BATCH = 2_000


class Days(RangeDateFilter):
    """From a day to another, both included, in the agency's time."""

    def queryset(self, request, queryset):
        first, last = (
            parse_date_str(self.used_parameters.get(f"{self.field_path}_{end}") or "")
            for end in ("from", "to")
        )
        within = {}
        if first:
            within[f"{self.field_path}__gte"] = _midnight(first)
        if last:
            within[f"{self.field_path}__lt"] = _midnight(last + timedelta(days=1))
        return queryset.filter(**within)


def _midnight(day) -> datetime:
    return make_aware(datetime.combine(day, datetime.min.time()))


class Kind(DropdownFilter):
    title = gettext_lazy("kind of record")
    parameter_name = "kind"

    def lookups(self, request, model_admin):
        return [(model, kind_name(model)) for model in RECORDED]

    def queryset(self, request, queryset):
        return queryset.filter(model=self.value()) if self.value() else queryset


class AuditAdmin(ReadOnlyAdmin):
    """A long list to look through and to take away, as far as it is filtered."""

    list_select_related = ["staff"]
    list_display_links = None
    ordering = ["-id"]
    sortable_by = ()

    def may_export(self, request) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.export_{self.opts.model_name}")

    def table_of(self, request, *, opened: bool) -> Table:
        return Table(
            title=str(self.opts.verbose_name_plural),
            columns={str(header): "text" for header in self.exported},
            rows=self.rows(self.get_changelist_instance(request).queryset),
        )


@admin.register(History)
class HistoryAdmin(AuditAdmin):
    list_display = ["at", "who", "where_from", "record_shown", "what", "business"]
    list_display_links = ["at"]
    list_filter = [
        ("at", Days),
        ("staff", RelatedDropdownFilter),
        Kind,
        ("operation", ChoicesDropdownFilter),
        ("origin", ChoicesDropdownFilter),
    ]
    search_fields = ["because"]  # shows the search box
    search_help_text = gettext_lazy("Number of the record, or “run 5”, “import 12”")
    fields = ["at", "who", "where_from", "record_shown", "what", "business", "login"]
    exported = [
        pgettext_lazy("history", "Number"),
        pgettext_lazy("history", "When"),
        pgettext_lazy("history", "Who"),
        pgettext_lazy("history", "From where"),
        gettext_lazy("Kind of record"),
        gettext_lazy("Numbers of the records"),
        pgettext_lazy("history", "Act"),
        pgettext_lazy("history", "What"),
        pgettext_lazy("history", "Belongs to"),
        gettext_lazy("Database user"),
    ]

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip().lstrip("#")
        if not term:
            return queryset, False
        if term.isdecimal() and len(term) < 19:
            return queryset.filter(Q(record=term) | Q(ids__meets=[int(term)])), False
        return queryset.filter(because=because_of(term)), False

    def get_changelist(self, request, **kwargs):
        class InWords(super().get_changelist(request, **kwargs)):
            def get_results(self, request):
                super().get_results(request)
                self.result_list = list(self.result_list)
                lines = lines_of(self.result_list)
                for change in self.result_list:
                    change.lines = lines.get(change.pk, [])

        return InWords

    @admin.display(description=pgettext_lazy("history", "who"))
    def who(self, change):
        return who(change)

    @admin.display(description=pgettext_lazy("history", "from where"))
    def where_from(self, change):
        return where_from(change)

    @admin.display(description=gettext_lazy("record"))
    def record_shown(self, change):
        return f"{kind_name(change.model)} {numbers_in_words(change)}"

    @admin.display(description=pgettext_lazy("history", "what"))
    def what(self, change):
        lines = change.lines if hasattr(change, "lines") else lines_of([change]).get(change.pk, [])
        return what(change, lines)

    @admin.display(description=pgettext_lazy("history", "belongs to"))
    def business(self, change):
        return business_of(change)

    def rows(self, found: QuerySet[History]) -> Iterator[tuple]:
        changes = found.iterator(chunk_size=BATCH)
        while batch := list(islice(changes, BATCH)):
            lines = lines_of(batch)
            for change in batch:
                yield (
                    change.pk,
                    localtime(change.at).strftime("%Y-%m-%d %H:%M:%S"),
                    who(change),
                    where_from(change),
                    kind_name(change.model),
                    numbers_in_words(change),
                    change.get_operation_display(),
                    "\n".join(map(str, lines.get(change.pk, []))),
                    business_of(change),
                    change.login,
                )


def numbers_in_words(change: History) -> str:
    """#17, or how many a statement entered and from which number to which."""
    if change.operation != Operation.INSERT:
        return f"#{change.record}"
    ranges = list(change.ids)
    count = sum(part.upper - part.lower for part in ranges)
    first, last = ranges[0].lower, ranges[-1].upper - 1
    if count == 1:
        return f"#{first}"
    return _("%(count)s records, #%(first)s–#%(last)s") % {"count": count, "first": first, "last": last}


@admin.register(AccessRecord)
class AccessRecordAdmin(AuditAdmin):
    list_display = ["at", "who", "act", "about", "more", "address"]
    list_filter = [("at", Days), ("staff", RelatedDropdownFilter), ("act", ChoicesDropdownFilter)]
    search_fields = ["subject__startswith", "username__iexact"]
    search_help_text = gettext_lazy("Subject or its beginning, or sign-in name")
    fields = list_display
    exported = [
        pgettext_lazy("history", "Number"),
        pgettext_lazy("history", "When"),
        pgettext_lazy("history", "Who"),
        gettext_lazy("Sign-in name"),
        pgettext_lazy("history", "Act"),
        gettext_lazy("Subject"),
        pgettext_lazy("history", "Detail"),
        gettext_lazy("Address"),
    ]

    @admin.display(description=pgettext_lazy("history", "who"))
    def who(self, record):
        return record.staff or record.username

    @admin.display(description=gettext_lazy("subject"))
    def about(self, record):
        return subject_in_words(record.subject)

    @admin.display(description=gettext_lazy("detail"))
    def more(self, record):
        return record.told

    def rows(self, found: QuerySet[AccessRecord]) -> Iterator[tuple]:
        for record in found.iterator(chunk_size=BATCH):
            yield (
                record.pk,
                localtime(record.at).strftime("%Y-%m-%d %H:%M:%S"),
                record.staff or "",
                record.username,
                record.get_act_display(),
                subject_in_words(record.subject),
                record.told,
                record.address,
            )


@admin.register(HistoryHead)
class HistoryHeadAdmin(ReadOnlyAdmin):
    list_display = ["day", "number", "at", "sha256", "run_seal_number"]
    list_display_links = None
    ordering = ["-number"]
    sortable_by = ()
    fields = list_display
