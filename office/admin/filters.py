"""Lists come back filtered as somebody left them, and filters are kept under a name.

Only what somebody chose on the list itself is remembered (the address then has CHOSEN in it); a link that
leads to part of a list shows that part, and changes nothing.
"""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect, QueryDict
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from office import saved_filters
from office.models import County, SavedFilter
from office.saved_filters import COUNTY, MOST_NAMED, keepable

CHOSEN = "filters"
LONGEST_NAME = SavedFilter._meta.get_field("name").max_length


class Filtered:
    """For the admin of a list with filters."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.keep_filters)
        return [path("filters/", view, name=self._filters_url), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        if request.method == "GET" and self.get_list_filter(request):
            if CHOSEN in request.GET:
                return HttpResponseRedirect(self._remember(request))
            if not request.GET and (query := self._last_query(request)):
                return HttpResponseRedirect(f"{request.path}?{query}")
        response = super().changelist_view(request, extra_context)
        if "cl" in (getattr(response, "context_data", None) or {}):
            response.context_data |= self._told(request, response.context_data["cl"])
        return response

    @method_decorator(require_POST)
    def keep_filters(self, request):
        """Keep the filters of an address under a name, or no longer."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        home = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        name = request.POST.get("name", "").strip()[:LONGEST_NAME]
        query = keepable(QueryDict(request.POST.get("query", "")))
        kept = {each.name for each in saved_filters.named(request.user, page=home)}
        if not name:
            messages.error(request, _("Give the filters a name."))
        elif query and name not in kept and len(kept) >= MOST_NAMED:
            messages.error(
                request, _("%(most)s filters are kept of this list: remove one first.") % {"most": MOST_NAMED}
            )
        else:
            saved_filters.keep(request.user, page=home, query=query, name=name)
        return HttpResponseRedirect(f"{home}?{request.POST.get('back', '')}")

    def _remember(self, request) -> str:
        """Keep what was chosen on the list, the county for other lists too; the address it is seen at."""
        chosen = request.GET.copy()
        del chosen[CHOSEN]
        shown = chosen.urlencode()
        if by := self._by_county(request):
            counties = dict(County.objects.values_list("pk", "code"))
            number = chosen.pop(by, [""])[-1]
            code = counties.get(int(number), "") if number.isdecimal() else ""
            saved_filters.keep(request.user, page=COUNTY, query=code)
        saved_filters.keep(request.user, page=request.path, query=keepable(chosen))
        return f"{request.path}?{shown}" if shown else request.path

    def _last_query(self, request) -> str:
        by = self._by_county(request)
        last = saved_filters.last_of(request.user, request.path, *([COUNTY] if by else []))
        county = County.objects.filter(code=last.get(COUNTY)).first() if by else None
        if not self._fits(request, last.get(request.path, "")):
            last.pop(request.path)
        return "&".join(filter(None, [last.get(request.path), county and urlencode({by: county.pk})]))

    def _fits(self, request, query: str) -> bool:
        """Whether the list still filters by such things; Django takes the rest for an attack."""
        return all(self.lookup_allowed(name, value, request) for name, value in QueryDict(query).items())

    def _by_county(self, request) -> str:
        """How the list's filter by county is called in addresses, if it has one."""
        named = [each[0] for each in self.get_list_filter(request) if isinstance(each, tuple)]
        return next((f"{name}__id__exact" for name in named if name.endswith(COUNTY)), "")

    def _told(self, request, changelist) -> dict:
        """What the page says of its filters: those in force, and those kept under a name."""
        now = keepable(request.GET)
        return {
            "filters_in_force": in_force(changelist),
            "filters_now": now,
            "saved_filters": [
                (each, sorted(QueryDict(each.query).lists()) == sorted(QueryDict(now).lists()))
                for each in saved_filters.named(request.user, page=request.path)
            ],
            "keep_filters": reverse(f"admin:{self._filters_url}"),
        }

    @property
    def _filters_url(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_filters"


def in_force(changelist) -> list[tuple[str, str]]:
    """The filters that narrow a list, each with its value in words."""
    found = []
    for filter_ in changelist.filter_specs:
        asked = [changelist.filter_params.get(name, []) for name in filter_.expected_parameters()]
        values = [value for several in asked for value in several if value]
        if values:
            words = _words(filter_, changelist)
            found.append((capfirst(filter_.title), " – ".join(words.get(value, value) for value in values)))
    return found


def _words(filter_, changelist) -> dict[str, str]:
    """What the filter's values are called."""
    fields = [
        field
        for choice in filter_.choices(changelist)
        for field in getattr(choice.get("form"), "fields", {}).values()
    ]
    return {str(value): str(label) for field in fields for value, label in getattr(field, "choices", [])}
