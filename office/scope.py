"""Whose records a member of staff sees: those of their counties, or of the whole city.

The pages filter by it, and PostgreSQL does so again by row-level security (`row_security.py`).
"""

from django.db.models import Q, QuerySet

from office.models import Staff


def counties_of(staff: Staff | None) -> list[int] | None:
    """The numbers of the counties somebody works for; None for the whole city, and for the portal itself."""
    return None if staff is None or staff.sees_whole_city else sorted(staff.county_numbers)


def in_scope(queryset: QuerySet, *, staff: Staff, by: tuple[str, ...]) -> QuerySet:
    """What of a queryset somebody sees; `by` are the paths to the counties it belongs to, any of them."""
    counties = counties_of(staff)
    if counties is None:
        return queryset
    belongs = Q()
    for path in by:
        belongs |= Q(**{f"{path}__in": counties})
    return queryset.filter(belongs)


def sees(staff: Staff, county: int | None) -> bool:
    """Whether somebody sees what belongs to the county of this number, or to none."""
    return staff.sees_whole_city or county in staff.county_numbers


def may_in_whole_city(staff: Staff, permission: str) -> bool:
    """Whether somebody may do what concerns every county at once, such as a run."""
    return staff.is_active and staff.sees_whole_city and staff.has_perm(permission)
