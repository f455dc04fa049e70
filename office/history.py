"""Which records the database keeps a history of; `migrate` brings the triggers up to date with this list.

Triggers work on whole statements, so that changes by SQL, by an import and by hand are recorded alike: one
row for all records a statement enters, one for each record it changes or removes. The ledger, runs and
imports are not here: they are only ever added to, or tell their own history.

Written by hand and not with django-pghistory, which keeps an event table for each model and a row for each
entered record: a month's import of 100 000 people would be written twice.
"""

from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

# Kind of record: columns whose changes are nobody's history.
RECORDED = {
    "insured.person": [],
    "insured.enrolment": [],
    "insured.selection": [],
    "insured.familylink": [],
    "insured.filing": [],
    "insured.certifieddisease": [],
    "insured.referral": [],
    "insured.employer": [],
    "facilities.facility": [],
    "facilities.placement": [],
    "facilities.agreement": [],
    "facilities.suspension": [],
    "facilities.assessmentitem": [],
    "facilities.assessmentgrade": [],
    "facilities.assessment": [],
    "facilities.assessmentscore": [],
    "accounts.application": [],
    "accounts.share": [],
    "accounts.lumpcredit": [],
    "accounts.accountuse": [],
    "accounts.recovery": [],
    "accounts.fundreceipt": [],
    "settlement.facilityusage": [],
    "settlement.yearenddeduction": [],
    "settlement.paymentorder": [],
    "settlement.claim": [],
    "settlement.claimreceipt": [],
    "settlement.claimstep": [],
    "settlement.bankfile": ["stored_as"],
    "settlement.reconciliation": [
        "bills",
        "unsettled",
        "visits",
        "refunds",
        "total",
        "fund",
        "account",
        "cash",
        "days",
        "compared_at",
    ],
    "settlement.difference": ["revision", "found_at"],
    "settlement.statement": [],
    "settlement.deduction": [],
    "settlement.visitrecovery": [],
    "monitoring.rulesetting": [],
    "monitoring.indicatorlimit": [],
    "monitoring.fundbudget": [],
    "office.staff": ["password", "password_set_at", "last_login"],
    "auth.group": [],
    "office.county": [],
    "office.policyversion": ["document"],  # the text is named by its hash, and compared on its own page
    "office.threshold": [],
    "office.workingday": [],
    "office.dueday": [],
    "office.approvalchain": [],
    "office.delegation": [],
    "django_celery_beat.periodictask": ["last_run_at", "total_run_count", "date_changed"],
    "django_celery_beat.crontabschedule": [],
    "django_celery_beat.intervalschedule": [],
}
# Of whom, and in which field of theirs, other records are listed.
MEMBERSHIPS = {
    "office.staff": ["groups", "counties", "user_permissions"],
    "auth.group": ["permissions"],
}
# What may be seen only when shown on purpose; a timeline says no more than that it changed.
COVERED = {
    "insured.person": {
        "document_sealed": _("document number"),
        "phone_sealed": _("phone"),
    },
    "insured.familylink": {
        "relative_document_sealed": _("document number of the relative"),
    },
    "facilities.facility": {
        "bank_account_sealed": _("bank account"),
    },
    "accounts.share": {
        "bank_account_sealed": _("bank account"),
    },
    "settlement.paymentorder": {
        "account_sealed": _("bank account"),
    },
    "settlement.claim": {
        "account_sealed": _("bank account"),
        "phone_sealed": _("phone"),
    },
}
TRIGGERS = ("record_insert", "record_update", "record_delete", "refuse_truncate")


def load_triggers() -> None:
    """Make the triggers of every table listed, as the owner of the tables."""
    with connection.cursor() as cursor:
        for table, function, arguments in recorded_tables():
            for statement in _triggers(table, function, arguments):
                cursor.execute(statement)


def recorded_tables() -> list[tuple[str, str, list[str]]]:
    """Each table with the function its triggers call and what they tell it."""
    records = [
        (_model(name)._meta.db_table, "office_record_change", [name, *left_out, *_blind_indexes(name)])
        for name, left_out in RECORDED.items()
    ]
    return records + [_membership(name, field) for name, fields in MEMBERSHIPS.items() for field in fields]


def missing_triggers() -> list[str]:
    """Triggers that ought to be there and are not, or do not fire."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgrelid::regclass || '.' || tgname from pg_trigger where tgenabled in ('O', 'A')"
        )
        there = {name for (name,) in cursor.fetchall()}
    wanted = [f"{table}.{name}" for table, *_call in recorded_tables() for name in TRIGGERS]
    wanted += [f"{table}.refuse_change" for table in ("office_history", "office_accessrecord")]
    wanted += ["office_historyhead.refuse_change"]
    return [name for name in wanted if name not in there]


def _model(name: str) -> type[Model]:
    return apps.get_model(*name.split("."))


def _blind_indexes(name: str) -> list[str]:
    """Keyed hashes of protected values, which would let equal ones be told from unequal ones for good."""
    columns = [field.column for field in _model(name)._meta.concrete_fields]
    return [column for column in columns if column.endswith("_index")]


def _membership(name: str, field: str) -> tuple[str, str, list[str]]:
    listed = _model(name)._meta.get_field(field)
    return (
        listed.m2m_db_table(),
        "office_record_membership",
        [name, listed.m2m_column_name(), field, listed.m2m_reverse_name()],
    )


def _triggers(table: str, function: str, arguments: list[str]) -> list[str]:
    call = f"{function}({', '.join(map(repr, arguments))})"
    seen = {
        "insert": "new table as new_rows",
        "update": "old table as old_rows new table as new_rows",
        "delete": "old table as old_rows",
    }
    return [
        *(
            f"create or replace trigger record_{act} after {act} on {table}"
            f" referencing {rows} for each statement execute function {call}"
            for act, rows in seen.items()
        ),
        f"create or replace trigger refuse_truncate before truncate on {table}"
        " for each statement execute function office_refuse_change()",
    ]
