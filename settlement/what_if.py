"""A settled year under other parameters, facility by facility; nothing is stored."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from policies.capitation import CapitationTerms, annual_quota_of, year_end
from settlement.models import YearEnd


@dataclass(frozen=True, kw_only=True)
class Otherwise:
    """A facility's year as it is (`line`) and as it would be, in yuan."""

    line: YearEnd
    quota: Decimal
    facility_share: Decimal
    pool_share: Decimal
    payable: Decimal
    due: Decimal


def otherwise(
    lines: Iterable[YearEnd],
    *,
    terms: CapitationTerms,
    rate: Decimal | None,
    threshold: Decimal,
    share_reached: Decimal,
    share_below: Decimal,
) -> list[Otherwise]:
    """The lines by other shares of the surplus (percent) and, where given, another rate for the whole year.

    What was prepaid, cleared and deposited stays as it was: what is payable more or less changes what is due.
    """
    terms = replace(
        terms,
        sharing="surplus_share",
        usage_threshold=threshold,
        surplus_share_from_threshold=share_reached,
        surplus_share_below=share_below,
    )
    found = []
    for line in lines:
        quota = line.quota if rate is None else annual_quota_of([(rate, line.person_months)])
        year = year_end(quota=quota, actual=line.actual, terms=terms)
        found.append(
            Otherwise(
                line=line,
                quota=quota,
                facility_share=year.facility_share,
                pool_share=year.pool_share,
                payable=year.payable,
                due=line.due + year.payable - line.payable,
            )
        )
    return found
