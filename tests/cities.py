"""Other cities' published rules as the rules in force here: the code must not know the difference."""

from django.utils import timezone

from office.models import PolicyState, PolicyVersion
from office.policy import new_version
from policies.month import Month
from policies.pack import FOLDER, parse_pack
from tests.population import member


def rules_of(city: str, *, change: tuple[str, str] = ("", "")) -> PolicyVersion:
    """A city's pack approved as the next version of its scheme here, with one piece of its text changed."""
    text = (FOLDER / f"{city}.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    document = text.replace(*change) if change[0] else text
    pack = parse_pack(document)
    first = PolicyVersion.objects.filter(scheme=pack.scheme).order_by("number").first()
    approval = {"state": PolicyState.APPROVED}
    if first is not None:
        approval |= {
            "base": first,
            "effective": Month(2020, 1),
            "created_by": member("policy_officer", f"officer for {city}"),
            "approved_by": member("reviewer", f"reviewer for {city}"),
            "approved_at": timezone.now(),
        }
    return new_version(pack=pack, document=document, **approval)
