"""The roles people work in, as groups: what each may see and do, and which exclude each other.

`migrate` brings them up to date.
"""

from itertools import permutations

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from office.models import ExclusiveRoles

# role: its name, and what it is there for
ROLES = {
    "clerk": _("Clerk"),
    "reviewer": _("Second reviewer"),
    "auditor": _("Auditor"),
    "finance_accountant": _("Finance accountant"),
    "finance_cashier": _("Finance cashier"),
    "policy_officer": _("Policy officer"),
    "system_administrator": _("System administrator"),
    "security_administrator": _("Security administrator"),
    "audit_administrator": _("Audit administrator"),
}
DUTIES = {
    "clerk": _("Imports files, keeps people, facilities and agreements, prepares runs."),
    "reviewer": _("Looks again at what a clerk prepared, and approves it or sends it back."),
    "auditor": _("Reads everything and takes samples; enters and posts nothing."),
    "finance_accountant": _("Releases approved runs for posting and keeps the books."),
    "finance_cashier": _("Carries payments to the bank; approves none."),
    "policy_officer": _("Enters figures of the rules; another officer or a reviewer approves them."),
    "system_administrator": _("Keeps the schedule and the machine; sees nobody's data."),
    "security_administrator": _("Makes sign-ins, gives roles and counties, ends sessions."),
    "audit_administrator": _("Reads and exports the record of who did what; changes nothing."),
}

# One person, under whatever sign-ins, holds at most one role of each line.
EXCLUSIVE = [
    ("clerk", "reviewer", "auditor", "finance_accountant", "finance_cashier"),
    ("auditor", "policy_officer"),
    *(
        ("system_administrator", "security_administrator", "audit_administrator", business)
        for business in (
            "clerk",
            "reviewer",
            "auditor",
            "finance_accountant",
            "finance_cashier",
            "policy_officer",
        )
    ),
]

_RECORDS = [
    "insured.person",
    "insured.enrolment",
    "insured.selection",
    "insured.familylink",
    "insured.filing",
    "insured.certifieddisease",
    "insured.referral",
    "insured.employer",
    "facilities.facility",
    "facilities.agreement",
    "facilities.assessment",
    "settlement.facilityusage",
    "settlement.yearenddeduction",
]
# By what visits and indicators are watched.
_WATCHED_BY = ["monitoring.rulesetting", "monitoring.indicatorlimit"]
# By what facilities are assessed in a year.
_SCHEME = ["facilities.assessmentitem", "facilities.assessmentgrade"]
_NUMBERS = [
    "insured.show_person",
    "facilities.show_facility",
    "settlement.show_paymentorder",
    "settlement.show_claim",
]
_LEDGER = [
    "accounts.account",
    "accounts.transfer",
    "accounts.voucher",
    "accounts.lumpcredit",
    "accounts.application",
    "accounts.bookscheck",
    "accounts.accountuse",
    "accounts.receivable",
    "accounts.fundreceipt",
]
_WORK = [
    "office.run",
    "office.periodevent",
    "office.threshold",
    "office.importfile",
    "office.county",
    "office.policyversion",
    "office.document",
    "settlement.headcount",
    "settlement.visit",
    "settlement.visitbatch",
    "settlement.reconciliation",
    "settlement.difference",
    "settlement.paymentorder",
    "settlement.bankfile",
    "settlement.yearend",
    "settlement.statement",
    "settlement.visitrecovery",
    "settlement.claim",
    "settlement.claimstep",
    "monitoring.alert",
    "monitoring.indicatorvalue",
    *_WATCHED_BY,
    *_RECORDS,
    *_SCHEME,
    *_LEDGER,
]
_SCHEDULE = [
    "django_celery_beat.periodictask",
    "django_celery_beat.crontabschedule",
    "django_celery_beat.intervalschedule",
    "office.workingday",
]
# What other figures of the benefits would cost; sums of the whole city.
_TRIALS = ["monitoring.view_benefittrial"]
# The fund by month: for those who answer for it.
_FUND = ["monitoring.view_fundsum", "monitoring.view_fundbudget"]
# Who signs steps may have somebody sign for them while they are away, and sees who acts for whom.
_APPROVERS = ["office.view_approvalchain", "office.view_delegation", "office.add_delegation"]


def _may(verbs: str, models: list[str]) -> list[str]:
    return [
        f"{model.split('.')[0]}.{verb}_{model.split('.')[1]}" for model in models for verb in verbs.split()
    ]


PERMISSIONS = {
    "clerk": [
        *_may("view", _WORK),
        *_may("add change", _RECORDS),
        *_may("add change", ["office.importfile"]),
        *_may("change", ["accounts.lumpcredit"]),
        *_may("add", ["settlement.headcount", "settlement.visit", "settlement.paymentorder"]),
        *_may("add change", ["settlement.statement"]),
        *_may("add", ["settlement.visitrecovery"]),
        *_may("add change", ["accounts.application", "settlement.claim"]),
        *_may("add", ["accounts.accountuse"]),
        "settlement.refund_visit",
        "settlement.settle_difference",
        "accounts.recover_receivable",
        *_may("watch explain", ["monitoring.alert"]),
        *_NUMBERS,
        "office.prepare_run",
        "office.check_run",
        "office.export_run",
        "office.export_lists",
        *_APPROVERS,
    ],
    "reviewer": [
        *_may("view", _WORK),
        *_TRIALS,
        *_FUND,
        *_NUMBERS,
        "insured.merge_person",
        "accounts.refund_accountuse",
        "settlement.undo_claim",
        "accounts.write_off_receivable",
        "accounts.decide_fundreceipt",
        "office.review_run",
        "office.post_run",
        "office.reverse_run",
        "office.export_run",
        "office.export_lists",
        "office.approve_policyversion",
        "facilities.sign_assessment",
        "settlement.release_paymentorder",
        "settlement.release_deposit",
        "settlement.decide_visitrecovery",
        *_may("watch decide", ["monitoring.alert"]),
        *_APPROVERS,
    ],
    "auditor": [
        *_may("view", _WORK),
        *_TRIALS,
        *_FUND,
        *_NUMBERS,
        "office.audit_run",
        *_may("watch audit", ["monitoring.alert"]),
        "office.export_run",
        "office.export_lists",
        *_APPROVERS,
    ],
    "finance_accountant": [
        *_may("view", _WORK),
        *_TRIALS,
        *_FUND,
        *_NUMBERS,
        *_may("add review release settle", ["settlement.paymentorder"]),
        *_may("add", ["accounts.fundreceipt"]),
        *_may("add change", ["monitoring.fundbudget"]),
        "office.release_run",
        "office.close_month",
        "office.post_run",
        "office.export_run",
        "office.export_lists",
        *_APPROVERS,
    ],
    "finance_cashier": [
        *_may("view", _WORK),
        *_FUND,
        *_NUMBERS,
        "settlement.carry_paymentorder",
        *_may("add", ["settlement.bankfile"]),
    ],
    # Of two officers either may approve what the other entered.
    "policy_officer": [
        *_may("view", ["office.policyversion", "office.county", "office.run"]),
        *_may("view add", ["monitoring.benefittrial"]),
        *_FUND,
        "office.add_policyversion",
        "office.approve_policyversion",
        *_may("view change", ["office.threshold"]),
        *_may("view add change delete", _SCHEME),
        *_may("view change", _WATCHED_BY),
        *_may("add", ["monitoring.indicatorlimit"]),
    ],
    "system_administrator": [
        *_may("view add change delete", _SCHEDULE),
        *_may("view change", ["office.dueday"]),
        *_may("view change", ["office.threshold"]),
        *_may("view", ["office.staff", "office.county", "auth.group"]),
        "operations.view_backup",
    ],
    "security_administrator": [
        *_may("view add change", ["office.staff"]),
        *_may("view change", ["office.approvalchain", "settlement.claimstep"]),
        *_may("view add", ["office.delegation"]),
        "office.delegate_for_others",
        *_may("view delete unlock", ["office.signin"]),
        *_may("view", ["office.county", "auth.group"]),
    ],
    "audit_administrator": [
        *_may("view export", ["office.accessrecord", "office.history"]),
        *_may("view", ["office.historyhead", "office.staff", "auth.group"]),
        *_may("view", ["office.approvalchain", "office.delegation"]),
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
        group.permissions.set(known[name] for name in PERMISSIONS[role])
    groups = {group.name: group for group in Group.objects.filter(name__in=ROLES)}
    ExclusiveRoles.objects.all().delete()
    ExclusiveRoles.objects.bulk_create(
        ExclusiveRoles(role=groups[one], other=groups[other]) for one, other in sorted(exclusive_pairs())
    )


def exclusive_pairs() -> set[tuple[str, str]]:
    """All pairs of roles that one person may not hold, each in both orders."""
    return {pair for line in EXCLUSIVE for pair in permutations(line, 2)}


def clash_of(roles: set[str]) -> tuple[str, str] | None:
    """Two of the roles that exclude each other, if there are any."""
    return next((pair for pair in sorted(exclusive_pairs()) if roles.issuperset(pair)), None)
