"""What somebody last filtered a page by, and what they keep under a name: theirs on every machine."""

import re

from django.http import QueryDict

from office.models import County, SavedFilter, Staff

# Words searched for name people, and pages, files and answers to mistakes are no filters.
NOT_KEPT = ("q", "p", "all", "as", "e")
# Codes, months, days and numbers of records; neither names nor what may be an identity number.
CODE = re.compile(r"(?!\d{11})[\w.-]{1,40}", re.ASCII)
LONGEST = SavedFilter._meta.get_field("query").max_length
COUNTY = "county"  # the page under which the county is kept, by its code, for all pages
MOST_NAMED = 12


def keepable(query: QueryDict) -> str:
    """The filters of an address as they are kept; nothing of what is too long for any filter."""
    kept = query.copy()
    for name, values in query.lists():
        if name in NOT_KEPT or not all(map(CODE.fullmatch, values)):
            del kept[name]
    text = kept.urlencode()
    return text if len(text) <= LONGEST else ""


def keep(staff: Staff, *, page: str, query: str, name: str = "") -> None:
    """In the place of what was kept so; an empty query keeps nothing."""
    of_it = {"staff": staff, "page": page, "name": name}
    if query:
        SavedFilter.objects.update_or_create(**of_it, defaults={"query": query})
    else:
        SavedFilter.objects.filter(**of_it).delete()


def last_of(staff: Staff, *pages: str) -> dict[str, str]:
    """The filters last in force on the pages, of those that have any."""
    found = SavedFilter.objects.filter(staff=staff, page__in=pages, name="")
    return dict(found.values_list("page", "query"))


def named(staff: Staff, *, page: str) -> list[SavedFilter]:
    return list(SavedFilter.objects.filter(staff=staff, page=page).exclude(name="").order_by("name"))


def county_of(request) -> str:
    """The code of the county a page is asked about, kept for the next one; else the one last asked about."""
    if COUNTY in request.GET:
        code = request.GET[COUNTY]
        known = County.objects.filter(code=code).exists()
        keep(request.user, page=COUNTY, query=code if known else "")
        return code
    return last_of(request.user, COUNTY).get(COUNTY, "")
