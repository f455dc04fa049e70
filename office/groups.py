"""The roles people work in, as groups: what each may see and do. `migrate` brings them up to date."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext_lazy as _

ROLES = {
    "clerk": _("Clerk"),
    "reviewer": _("Second reviewer"),
    "auditor": _("Auditor"),
    "finance": _("Finance"),
    "policy_officer": _("Policy officer"),
    "system_administrator": _("System administrator"),
}

_RECORDS = [
    "insured.person",
    "insured.enrolment",
    "insured.selection",
    "insured.employer",
    "facilities.facility",
    "facilities.agreement",
    "settlement.facilityusage",
]
_NUMBERS = ["insured.show_person", "facilities.show_facility"]
_LEDGER = ["accounts.account", "accounts.transfer"]
_WORK = ["office.run", "office.importfile", "office.county", "office.policyversion", *_RECORDS, *_LEDGER]
_SCHEDULE = [
    "django_celery_beat.periodictask",
    "django_celery_beat.crontabschedule",
    "django_celery_beat.intervalschedule",
    "office.workingday",
]


def _may(verbs: str, models: list[str]) -> list[str]:
    return [
        f"{model.split('.')[0]}.{verb}_{model.split('.')[1]}" for model in models for verb in verbs.split()
    ]


PERMISSIONS = {
    "clerk": [
        *_may("view", _WORK),
        *_may("add change export", _RECORDS),
        *_may("add change", ["office.importfile"]),
        *_NUMBERS,
        "office.prepare_run",
        "office.export_run",
    ],
    "reviewer": [
        *_may("view", _WORK),
        *_NUMBERS,
        "office.review_run",
        "office.post_run",
        "office.reverse_run",
        "office.export_run",
        "office.approve_policyversion",
    ],
    "auditor": [*_may("view", _WORK), *_NUMBERS, "office.export_run"],
    "finance": [*_may("view", _WORK), *_NUMBERS, "office.post_run", "office.export_run"],
    # Of two officers either may approve what the other entered.
    "policy_officer": [
        *_may("view", ["office.policyversion", "office.county", "office.run"]),
        "office.add_policyversion",
        "office.approve_policyversion",
    ],
    "system_administrator": [
        *_may("view add change", ["office.staff"]),
        *_may("view add change delete", _SCHEDULE),
        "auth.view_group",
    ],
}


@transaction.atomic
def load_groups() -> None:
    """Make every role's group and give it exactly the permissions listed here."""
    known = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in Permission.objects.select_related("content_type")
    }
    for role in ROLES:
        group, _created = Group.objects.get_or_create(name=role)
        group.permissions.set(known[name] for name in PERMISSIONS[role] if name in known)
