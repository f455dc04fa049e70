"""Ctrl-K: pages, people, facilities and runs by a few letters, each by its own list's search and scope.

In the place of Unfold's own search, which looks on after a million rows and keeps what it found in the cache.
"""

from django.apps import apps
from django.conf import settings
from django.contrib.admin import site
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from unfold.dataclasses import SearchResult

from office import guide

SHOWN_OF_EACH = 8


@never_cache
def palette(request):
    """What is found, as the palette's list; nothing for nothing."""
    text = request.GET.get("s", "").strip()
    if not text:
        return HttpResponse()
    found = [*_pages(request, text), *_help(text)]
    for label in settings.PALETTE:
        found += _records(request, text, site.get_model_admin(apps.get_model(label)))
    return render(request, "office/palette.html", {"results": found})


def _pages(request, text: str) -> list[SearchResult]:
    """The sidebar's pages that this person may open, by their titles."""
    rooms = import_string("config.interface.sidebar")(request)
    return [
        SearchResult(
            title=str(entry["title"]),
            description=str(room.get("title", "")),
            link=str(entry["link"]),
            icon=entry["icon"],
        )
        for room in rooms
        for entry in room["items"]
        if text.casefold() in str(entry["title"]).casefold()
        and entry.get("permission", lambda request: True)(request)
    ]


def _help(text: str) -> list[SearchResult]:
    return [
        SearchResult(
            title=page.title, description=_("Help"), link=reverse("help", args=[page.name]), icon="help"
        )
        for page in guide.pages(guide.language_of_help()).values()
        if text.casefold() in page.title.casefold()
    ]


def _records(request, text: str, model_admin) -> list[SearchResult]:
    if not model_admin.has_view_permission(request):
        return []
    records, _may_repeat = model_admin.get_search_results(request, model_admin.get_queryset(request), text)
    name = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_change"
    return [
        SearchResult(
            title=str(record),
            description=model_admin.in_brief(record),
            link=reverse(name, args=[record.pk]),
            icon=model_admin.palette_icon,
        )
        for record in records.select_related(*(model_admin.list_select_related or ()))[:SHOWN_OF_EACH]
    ]
