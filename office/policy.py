"""The rules in force here: shipped packs become version 1, and every run is bound to the version it used."""

import hashlib
from functools import cache, lru_cache

from django.db import transaction
from django.db.models import Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from office.models import City, County, PolicyEvent, PolicyState, PolicyVersion, Run
from office.statements import prepared
from policies.entered import entered_part
from policies.month import Month
from policies.pack import FOLDER, Pack, available_packs, load_pack, parse_pack


class NoPolicy(LookupError):
    """The city runs no such scheme."""


@transaction.atomic
def load_shipped_packs(city: str) -> None:
    """Store the city, its counties and the packs it ships with; what is there already stays as it is.

    A pack that differs from every stored version (after an upgrade) is proposed as the next version from this
    month on, with the figures entered so far: it holds once somebody has approved it.
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
        versions = PolicyVersion.objects.filter(scheme=pack.scheme)
        if not versions.exists():
            new_version(pack=pack, document=text, state=PolicyState.APPROVED)
        elif not versions.filter(document__startswith=text.rstrip()).exists():
            _propose_upgrade(pack, text)


def _propose_upgrade(pack: Pack, text: str) -> None:
    """Nothing while another version is open: the next migrate finds the upgrade again."""
    if open_version(scheme=pack.scheme) is not None:
        return
    base = newest_version(scheme=pack.scheme)
    version = new_version(
        pack=pack,
        document=text.rstrip() + "\n" + entered_part(base.document),
        state=PolicyState.SUBMITTED,
        base=base,
        effective=Month.of(timezone.localdate()),
    )
    PolicyEvent.objects.create(version=version, act="ship")


def new_version(*, pack: Pack, document: str, **fields) -> PolicyVersion:
    """Store a text as the next version of its scheme."""
    last = PolicyVersion.objects.filter(scheme=pack.scheme).aggregate(last=Max("number"))["last"]
    return PolicyVersion.objects.create(
        scheme=pack.scheme,
        number=(last or 0) + 1,
        pack=pack.name,
        document=document,
        sha256=sha256_of(document),
        **fields,
    )


def sha256_of(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()


def schemes_here() -> list[str]:
    """The schemes this city runs."""
    return list(PolicyVersion.objects.order_by("scheme").values_list("scheme", flat=True).distinct())


def policy_in_force(*, scheme: str, month: Month) -> PolicyVersion:
    """The version of a scheme's rules that holds in a month: the newest approved one that holds from then.

    Versions build on one another, so the newest contains what all before it say of the month. Raises NoPolicy
    when the city does not run the scheme.
    """
    number, _sha256 = policy_number(scheme=scheme, month=month)
    return PolicyVersion.objects.get(pk=number)


def policy_number(*, scheme: str, month: Month) -> tuple[int, str]:
    """`policy_in_force`, by its number on record and the digest of its text alone."""
    found = prepared("office/policy_in_force", scheme=scheme, month=month.first_day)
    if not found:
        raise _no_policy(scheme)
    [(number, sha256)] = found
    return int(number), sha256.decode()


def newest_version(*, scheme: str) -> PolicyVersion:
    """The approved version the next one builds on; its figures may hold from a later month only."""
    approved = PolicyVersion.objects.filter(scheme=scheme, state=PolicyState.APPROVED)
    version = approved.order_by("-number").first()
    if version is None:
        raise _no_policy(scheme)
    return version


def _no_policy(scheme: str) -> NoPolicy:
    return NoPolicy(_("This city has no rules for scheme %(scheme)s.") % {"scheme": scheme})


def open_version(*, scheme: str) -> PolicyVersion | None:
    """The one version of a scheme that is being entered or awaits approval."""
    being_entered = [PolicyState.DRAFT, PolicyState.SUBMITTED]
    return PolicyVersion.objects.filter(scheme=scheme, state__in=being_entered).first()


@cache
def shipped_packs() -> dict[str, Pack]:
    """Every pack that came with the portal, as published, by its name."""
    return {name: load_pack(name) for name in available_packs()}


def pack_of(version: PolicyVersion) -> Pack:
    return _parsed(version.sha256, version.document)


@lru_cache(maxsize=32)
def _parsed(sha256: str, document: str) -> Pack:
    return parse_pack(document)


def notice(*, article: str, text: str) -> dict:
    """Something to be known with a run, in both languages; `text` is a msgid."""
    said = {"article": article}
    for key, language in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(language):
            said[key] = translation.gettext(text)
    return said


def notices_of(run: Run, *, section: str) -> list[dict]:
    """What a section of the pack wants known with a run of this period, each with its article."""
    return [
        {"article": notice.article, "zh": notice.text.zh, "en": notice.text.en}
        for notice in pack_of(run.policy).notices(section, run.period)
    ]
