"""Which facilities have not filed a month yet: under an agreement, and nothing has come from them."""

from facilities.models import AgreementKind
from office.kinds import kinds_of
from office.models import RunKindName, Staff
from office.scope import counties_of
from office.statements import fetch
from policies.month import Month


def not_filed(*, scheme: str, month: Month, staff: Staff | None) -> list[int]:
    """The facilities in somebody's sight that filed neither visits nor a report of the month, by number."""
    kinds = [AgreementKind.OUTPATIENT, AgreementKind.CHRONIC]
    if RunKindName.CREDIT in kinds_of(scheme=scheme):  # only such a scheme has accounts to be used there
        kinds.append(AgreementKind.ACCOUNT)
    found = fetch(
        "settlement/not_filed",
        scheme=scheme,
        first=month.first_day,
        last=month.last_day,
        kinds=[kind.value for kind in kinds],
        counties=counties_of(staff),
    )
    return [facility for (facility,) in found]
