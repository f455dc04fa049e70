"""Whose an account is, is asked of its person or facility row by row: see insured/0015."""

from django.db import migrations, models
from django.db.models import Q

from office.row_security import county_is_mine

WHOLE_CITY = "(select acting_for_whole_city())"
OF_FACILITY = f"""exists (
    select from facilities_facility facility
    where facility.id = facility_id and {county_is_mine("facility.county_id")}
)"""
OF_PERSON = {
    "before": "exists (select from insured_person person where person.id = person_id)",
    "after": "(select true from insured_person person where person.id = person_id)",
}
HAS_OWNER = "(account.person_id is not null or account.facility_id is not null)"
BY_ACCOUNT = {
    "before": f"""exists (
        select from accounts_account account where account.id in (debit_id, credit_id) and {HAS_OWNER}
    )""",
    "after": " or ".join(
        f"(select true from accounts_account account where account.id = {side} and {HAS_OWNER})"
        for side in ("debit_id", "credit_id")
    ),
}


def policies(when: str) -> list[str]:
    account = f"{WHOLE_CITY} or person_id is null and facility_id is null or {OF_PERSON[when]} or {OF_FACILITY}"
    transfer = f"{WHOLE_CITY} or {BY_ACCOUNT[when]}"
    return [
        f"alter policy counties on accounts_account using ({account}) with check ({account})",
        f"alter policy counties on accounts_transfer using ({transfer}) with check ({transfer})",
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_closed_months"),
        ("insured", "0015_lists_go_by_their_indexes"),
    ]

    operations = [
        *(migrations.RunSQL(after, before) for after, before in zip(policies("after"), policies("before"))),
        # The few accounts that are nobody's own, and the few transfers that are no monthly credit.
        migrations.AddIndex(
            "account",
            models.Index(fields=["id"], condition=~Q(kind="person"), name="account_not_of_person"),
        ),
        migrations.AddIndex(
            "transfer",
            models.Index(fields=["id"], condition=~Q(kind="credit"), name="transfer_not_a_credit"),
        ),
    ]
