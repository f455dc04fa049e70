"""Accounts and what moved on them are seen where their person or facility belongs; the fund's own by all."""

from django.db import migrations

from office.row_security import county_is_mine, protect

OWNER_IS_MINE = f"""(
    exists (select from insured_person person where person.id = person_id)
    or exists (
        select from facilities_facility facility
        where facility.id = facility_id and {county_is_mine("facility.county_id")}
    )
)"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_jobs_role_keeps_the_ledger"),
        ("insured", "0005_people_belong_to_counties"),
    ]

    operations = [
        *protect("accounts_account", mine=f"(person_id is null and facility_id is null or {OWNER_IS_MINE})"),
        *protect(
            "accounts_transfer",
            mine="""exists (
                select from accounts_account account
                where account.id in (debit_id, credit_id)
                    and (account.person_id is not null or account.facility_id is not null)
            )""",
        ),
        *protect("accounts_runline", mine=county_is_mine()),
    ]
