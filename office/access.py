"""Noting what people do besides changing records. Nothing personal is written down: subjects are numbers."""

from django.db import models

from office.acting import address_of
from office.models import AccessRecord, Act, Staff


def note(
    request, act: Act, *, subject: "models.Model | str" = "", detail: str = "", username: str = ""
) -> None:
    """Note an act of whoever sent the request, within its transaction.

    `subject` is a record, noted as "insured.person 17", or a text such as the path of a page.
    """
    staff = request.user if request.user.is_authenticated else None
    record(act, by=staff, address=address_of(request), subject=subject, detail=detail, username=username)


def record(
    act: Act,
    *,
    by: Staff | None,
    address: str,
    subject: "models.Model | str" = "",
    detail: str = "",
    username: str = "",
) -> None:
    """Note an act of somebody for whom no page is served just now."""
    AccessRecord.objects.create(
        staff=by,
        username=(username or (by.username if by else ""))[:150],
        address=address,
        act=act,
        subject=subject_of(subject)[:200],
        detail=detail[:500],
    )


def subject_of(record: "models.Model | str") -> str:
    """How a record is named in the notes: its model and its number."""
    return record if isinstance(record, str) else f"{record._meta.label_lower} {record.pk}"
