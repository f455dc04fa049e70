"""Facilities that have not filed a month, as a filter of the list of facilities."""

from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from facilities.admin import FacilityAdmin
from office.models import Scheme
from office.policy import schemes_here
from policies.month import Month
from settlement.filing import not_filed

MONTHS_OFFERED = 6


class NotFiled(DropdownFilter):
    """Of a scheme and month: "310-2026-10"."""

    title = gettext_lazy("nothing filed for")
    parameter_name = "not_filed"

    def lookups(self, request, model_admin):
        this = Month.of(timezone.localdate())
        return [
            (asked_of(scheme=scheme, month=this - back), f"{this - back} {Scheme(scheme).label}")
            for back in range(MONTHS_OFFERED)
            for scheme in schemes_here()
        ]

    def queryset(self, request, queryset):
        scheme, _dash, month = (self.value() or "").partition("-")
        if scheme not in schemes_here():
            return queryset
        try:
            asked = Month.parse(month)
        except ValueError:
            return queryset
        return queryset.filter(pk__in=not_filed(scheme=scheme, month=asked, staff=request.user))


def asked_of(*, scheme: str, month: Month) -> str:
    return f"{scheme}-{month}"


FacilityAdmin.list_filter.append(NotFiled)
