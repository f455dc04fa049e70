"""Fills an empty city with the made-up one: through the same files and the same import a clerk uses."""

import secrets
from datetime import date
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone, translation

from insured.demo import Place, agreements, enrolments, facilities, selections, write_workbook
from insured.models import Person
from office import imports
from office.groups import ROLES
from office.layouts import layout
from office.models import County, ImportFile, Origin, Staff
from office.policy import newest_version, pack_of, schemes_here
from office.staging import Refused
from policies.month import Month

EARLIEST = Month(2022, 1)
USERNAMES = {
    "finance_accountant": "finance",
    "finance_cashier": "cashier",
    "policy_officer": "policy",
    "system_administrator": "sysadmin",
    "security_administrator": "security",
    "audit_administrator": "audit",
}


@transaction.atomic
def load(*, people: int, seed: int) -> list[ImportFile]:
    """Nothing when there are people already; else the imports that brought them in."""
    sign_ins(Path(settings.MEDIA_ROOT).parent)
    if Person.objects.exists():
        return []
    folder = Path(settings.MEDIA_ROOT).parent / "demo-files"
    folder.mkdir(parents=True, exist_ok=True)
    clerk = Staff.objects.get(username="clerk")
    return [
        bring_in(name, rows, path=folder / f"{settings.CITY}-{title}.xlsx", by=clerk)
        for name, title, rows in city_files(people=people, seed=seed, today=timezone.localdate())
    ]


def city_files(*, people: int, seed: int, today: date):
    """Layout, title and rows of each file, in the order in which they must come in."""
    counties = [Place(code=county.code, name=county.name) for county in County.objects.all()]
    places = facilities(seed=seed, counties=counties)
    yield "facilities", "定点机构", places
    yield "agreements", "服务协议", agreements(facilities=places, years=range(EARLIEST.year, today.year + 2))
    for scheme in schemes_here():
        pack = pack_of(newest_version(scheme=scheme))
        persons = list(enrolments(people=people, seed=seed, counties=counties, scheme=scheme))
        yield "enrolments", f"参保登记-{scheme}", persons
        if pack.capitation:
            first = max(Month.of(pack.starts), EARLIEST)
            chosen = selections(
                enrolments=persons,
                facilities=places,
                seed=seed,
                first=first,
                last_year=today.year,
                levels=pack.gates.selectable_levels,
            )
            yield "selections", f"选点-{scheme}", chosen


def bring_in(name: str, rows, *, path: Path, by: Staff, parameters: dict | None = None) -> ImportFile:
    write_workbook(path, layout=layout(name), rows=rows)
    with open(path, "rb") as content:
        uploaded = imports.upload(
            layout=name,
            name=path.name,
            content=content,
            by=by,
            origin=Origin.COMMAND_LINE,
            parameters=parameters,
        )
    checked = imports.check(uploaded)
    if checked.error:
        raise Refused(checked.refusal["message"], **checked.refusal["values"])
    return imports.apply(checked, by=by)


def sign_ins(folder: Path) -> None:
    """One user a role, and a list of them for whoever starts the demo."""
    county = County.objects.order_by("code").first()
    with translation.override("zh-hans"):
        wanted = [(USERNAMES.get(role, role), role, str(label), None) for role, label in ROLES.items()]
        wanted.insert(1, ("checker", "clerk", f"{ROLES['clerk']}（初审）", None))
        if county:
            wanted.insert(1, ("county", "clerk", f"{county.name}{ROLES['clerk']}", county))
        lines = [sign_in(*one) for one in wanted if not Staff.objects.filter(username=one[0]).exists()]
    if lines:
        (folder / f"sign-ins-{settings.CITY}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def sign_in(username: str, role: str, label: str, county: County | None) -> str:
    """A sign-in for a role, in one county or the whole city; the line that tells of it."""
    password = f"gongji-{secrets.token_hex(3)}"
    staff = Staff.objects.create_user(
        username, password=password, display_name=f"演示{label}", is_staff=True, whole_city=county is None
    )
    if county:
        staff.counties.add(county)
    staff.groups.add(Group.objects.get(name=role))
    return f"{username:<10} {password:<16} {label}"
