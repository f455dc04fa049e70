"""The rules in force here: shipped packs become version 1, and every run is bound to the version it used."""

import hashlib
from functools import lru_cache

from django.db import transaction
from django.utils.translation import gettext as _

from office.models import City, County, PolicyVersion, Run
from policies.pack import FOLDER, Pack, parse_pack


class NoPolicy(LookupError):
    """The city runs no such scheme."""


@transaction.atomic
def load_shipped_packs(city: str) -> None:
    """Store the city, its counties and the packs it ships with; what is there already stays as it is.

    A pack that differs from every stored version (after an upgrade) becomes the next version.
    """
    for path in sorted(FOLDER.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        pack = parse_pack(text)
        if pack.city.code != city:
            continue
        City.objects.update_or_create(
            code=pack.city.code, defaults={"name": pack.city.name.zh, "name_en": pack.city.name.en}
        )
        for county in pack.counties:
            County.objects.update_or_create(
                code=county.code, defaults={"name": county.name.zh, "name_en": county.name.en}
            )
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        versions = PolicyVersion.objects.filter(scheme=pack.scheme)
        if not versions.filter(sha256=sha256).exists():
            PolicyVersion.objects.create(
                scheme=pack.scheme, number=versions.count() + 1, pack=pack.name, document=text, sha256=sha256
            )


def schemes_here() -> list[str]:
    """The schemes this city runs."""
    return list(PolicyVersion.objects.order_by("scheme").values_list("scheme", flat=True).distinct())


def policy_in_force(*, scheme: str) -> PolicyVersion:
    """The newest version of a scheme's rules. Raises NoPolicy when the city does not run the scheme."""
    version = PolicyVersion.objects.filter(scheme=scheme).order_by("-number").first()
    if version is None:
        raise NoPolicy(_("This city has no rules for scheme %(scheme)s.") % {"scheme": scheme})
    return version


def pack_of(version: PolicyVersion) -> Pack:
    return _parsed(version.sha256, version.document)


@lru_cache(maxsize=32)
def _parsed(sha256: str, document: str) -> Pack:
    return parse_pack(document)


def notices_of(run: Run, *, section: str) -> list[dict]:
    """What a section of the pack wants known with a run of this period, each with its article."""
    return [
        {"article": notice.article, "zh": notice.text.zh, "en": notice.text.en}
        for notice in pack_of(run.policy).notices(section, run.period)
    ]
