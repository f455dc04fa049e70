"""Other cities' published rules as the rules in force here: the code must not know the difference."""

import itertools
from datetime import date, datetime

from django.utils import timezone

from office.models import PolicyState, PolicyVersion
from office.policy import new_version
from policies.entered import Entered, with_entered
from policies.month import Month
from policies.pack import FOLDER, parse_pack
from tests.population import member

_numbers = itertools.count(1)


def rules_of(
    city: str,
    *,
    change: tuple[str, str] = ("", ""),
    figures: dict | None = None,
    approved_at: datetime | None = None,
) -> PolicyVersion:
    """A city's pack approved as the next version of its scheme here, with one piece of its text changed, and
    figures entered that its document leaves out."""
    text = (FOLDER / f"{city}.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    document = text.replace(*change) if change[0] else text
    pack = parse_pack(document)
    for name, figure in (figures or {}).items():
        told = {"article": pack.entry(name, pack.starts).article, "source": "文件", "by": "测试"}
        document = with_entered(
            document, Entered(value=name, start=pack.starts, figure=figure, on=date(2023, 1, 1), **told)
        )
    pack = parse_pack(document)
    last = PolicyVersion.objects.filter(scheme=pack.scheme).order_by("number").last()
    approval = {"state": PolicyState.APPROVED}
    if last is not None:
        approval |= {
            "base": last,
            "effective": Month(2020, 1),
            "created_by": member("policy_officer", f"officer {next(_numbers)} for {city}"),
            "approved_by": member("reviewer", f"reviewer {next(_numbers)} for {city}"),
            "approved_at": approved_at or timezone.now(),
        }
    return new_version(pack=pack, document=document, **approval)
