"""Lists, searches and completions read a page's rows of the great tables and no more, whoever asks.

PostgreSQL counts what each page really read, row-level security and functions included. Plans by reading a
whole table are made dear, as they are among a million rows: what is left of them is where no index serves.
"""

from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test import Client

from insured.models import Person
from tests.population import contract, member

HERE, THERE = "441602", "441621"
PEOPLE = 3_000
GREAT = ("insured_person", "insured_enrolment", "insured_selection", "accounts_account", "accounts_transfer")
# Fifty rows of a page, some of them looked up once more for the scope; 200 people found.
MOST = 700
# What the planner would not think of among a million rows.
WAYS_OF_SMALL_TABLES = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
READ = """
select coalesce(sum(seq_scan), 0), coalesce(sum(seq_tup_read + idx_tup_fetch), 0)
from pg_stat_xact_user_tables where relname = any(%s)
"""
# Long lists come out of an index in their order; of filters few or no rows are found, and then sorted.
LONG = [
    "/insured/person/",
    "/insured/person/?p=2",
    "/insured/enrolment/",
    "/insured/enrolment/?scheme__exact=310",
    "/insured/selection/",
    "/accounts/account/?kind__exact=person",
]
SHORT = [
    "/insured/enrolment/?status__exact=injury_paid",
    "/insured/enrolment/?scheme__exact=390&status__exact=resident",
    "/insured/selection/?kind__exact=carried",
    "/accounts/account/?kind__exact=payable",
    "/accounts/account/",
    "/accounts/transfer/",
]
COMPLETION = {"app_label": "insured", "model_name": "enrolment", "field_name": "person"}


@pytest.fixture
def crowd(committed, administrator):
    """Some thousands of people, one county's entered after the other's, with spells, selections and money."""
    facility = contract()
    with connection.cursor() as cursor:
        counties = "(array(select id from office_county where code in (%s, %s) order by code))"
        cursor.execute(
            "insert into insured_person (document_type, document_index, document_sealed, document_tail_index,"
            " name, person_number, sex, county_id)"
            " select '99', decode(md5(n::text), 'hex'), '', decode(md5((n %% 1000)::text), 'hex'),"
            " '甲' || chr(20000 + n %% 200) || chr(21000 + n %% 150), 'P' || lpad(n::text, 8, '0'), '',"
            f" {counties}[1 + (n - 1) * 2 / %s] from generate_series(1, %s) n",
            [HERE, THERE, PEOPLE, PEOPLE],
        )
        cursor.execute(
            "insert into insured_enrolment"
            " (person_id, scheme, status, retirement_group, county_id, first_month)"
            " select id, '310', 'active', '', county_id, '2023-01-01' from insured_person"
        )
        cursor.execute(
            "insert into insured_selection"
            " (person_id, facility_id, slot, first_month, last_month, kind, reason)"
            " select id, %s, 'primary', '2023-01-01', '2023-12-01', 'first', '' from insured_person",
            [facility.pk],
        )
        cursor.execute(
            "insert into accounts_account (kind, scheme, person_id, opened_on)"
            " select 'person', '310', id, current_date from insured_person"
        )
        cursor.execute(
            "insert into accounts_account (kind, scheme, opened_on) values ('pool', '310', current_date)"
        )
        cursor.execute(
            "insert into accounts_transfer"
            " (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, created_at)"
            " select pool.id, account.id, 1, 'credit', '2023-01-01', '2023-01-01', 0, 0, now()"
            " from accounts_account account, accounts_account pool"
            " where account.kind = 'person' and pool.kind = 'pool'"
        )
    administrator.execute(f"vacuum analyze {', '.join(GREAT)}")


def searches(person: Person) -> list[str]:
    texts = (
        person.name,
        person.name[1:],
        "尉迟敬",
        "jz",
        "1234",
        "44160219800101001X",
        person.person_number,
        "甲1",
    )
    found = [f"{page}?{urlencode({'q': text})}" for page in LONG[:3:2] for text in texts]
    found += [f"/autocomplete/?{urlencode(COMPLETION | {'term': text})}" for text in texts]
    return found + [f"/find/?{urlencode({'s': text})}" for text in texts]


def test_a_page_reads_no_more_than_it_shows(crowd, monkeypatch):
    monkeypatch.setattr(Person, "document_number", "X0000")  # the crowd's numbers are not sealed
    for name, counties in {"whole": (), "first": (HERE,), "last": (THERE,)}.items():
        client = Client()
        client.force_login(member("clerk", name, counties=counties))
        person = Person.objects.filter(county__code__in=counties or (HERE, THERE)).latest("pk")
        with transaction.atomic(), connection.cursor() as cursor:
            for way in WAYS_OF_SMALL_TABLES:
                cursor.execute(f"set local {way} = off")
            for page in (*LONG, *SHORT, *searches(person)):
                cursor.execute(f"set local enable_sort = {'off' if page in LONG else 'on'}")
                cursor.execute(READ, [list(GREAT)])
                scans, rows = cursor.fetchone()
                assert client.get(page).status_code == 200, page
                cursor.execute(READ, [list(GREAT)])
                after = cursor.fetchone()
                assert after[0] == scans, f"{page}, {name}: a whole table was read"
                assert after[1] - rows < MOST, f"{page}, {name}: {after[1] - rows} rows were read"
