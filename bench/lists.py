"""How long lists, searches and completions take the server at 1 000 000 people and 3 000 000 spells.

Run: `python -m bench.lists`. Through the real views, for clerks of the whole city and of counties that were
entered first and last; each page five times.
"""

import sys
import time
from collections.abc import Callable
from urllib.parse import urlencode

from bench._city import city, owner

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
)
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂芝华玉兰红梅建国志文斌鹏飞鑫波浩宇欣怡佳琪梓涵子轩雨"
ALLOWED = 300  # milliseconds

# By blocks, as counties' files come in; the number of a block is the county's place.
PEOPLE = """
insert into insured_person (document_type, document_index, document_sealed, document_tail_index, name,
    person_number, birth_date, sex, county_id)
select '99', index, sealed, tail,
    (string_to_array(%(surnames)s, null))[1 + (hashint8(number) & 31)]
        || (string_to_array(%(given)s, null))[1 + (hashint8(number + 1) & 63) %% 48]
        || case when number %% 4 = 0 then ''
            else (string_to_array(%(given)s, null))[1 + (hashint8(number + 2) & 63) %% 48] end,
    'P' || lpad(number::text, 9, '0'), date '1940-01-01' + (number %% 25000)::int, 1 + number %% 2,
    (array(select id from office_county order by code))[1 + number * 7 / %(people)s]
from sealed_person order by number
"""
SPELLS = """
insert into insured_enrolment
    (person_id, scheme, status, retirement_group, base, county_id, employer_id, first_month, last_month)
select person.id, case when spell = 1 then '390' else '310' end,
    case when spell = 1 then 'resident' when person.id %% 5 = 0 then 'flexible' else 'active' end, '',
    case when spell = 1 then null else 4000 + person.id %% 3000 end, county_id,
    case when spell = 1 then null else 1 + person.id %% 20000 end,
    make_date(2020 + spell, 1, 1), case when spell < 3 then make_date(2020 + spell, 12, 1) end
from insured_person person, generate_series(1, 3) spell order by person.id
"""
FILL = [
    "insert into insured_employer (code, name)"
    " select 'E' || n, '第' || n || '单位' from generate_series(1, 20000) n",
    """
    insert into facilities_facility (code, name, level, kind, county_id, credit_code, bank_name, bank_holder)
    select 'H4416' || lpad(n::text, 8, '0'), '第' || n || '卫生院', 'primary', 'township_centre',
        (array(select id from office_county order by code))[1 + n %% 7], '', '', ''
    from generate_series(1, 2000) n
    """,
    """
    insert into facilities_agreement (facility_id, kind, first_day, last_day, number)
    select id, 'outpatient', make_date(2020 + n, 1, 1), make_date(2020 + n, 12, 31), ''
    from facilities_facility, generate_series(1, 3) n
    """,
    SPELLS,
    """
    insert into insured_selection (person_id, facility_id, slot, first_month, last_month, kind, reason)
    select id, 1 + id %% 2000, 'primary', '2023-01-01', '2023-12-01', 'first', ''
    from insured_person order by id
    """,
    """
    insert into accounts_account (kind, scheme, person_id, opened_on)
    select 'person', '310', id, current_date from insured_person order by id
    """,
    """
    insert into accounts_account (kind, scheme, facility_id, opened_on)
    select of, '310', id, current_date from facilities_facility, unnest('{advance,payable}'::text[]) of
    """,
    "insert into accounts_account (kind, scheme, opened_on)"
    " select kind, '310', current_date from unnest('{pool,contribution,bank}'::text[]) kind",
    """
    insert into accounts_transfer
        (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, created_at)
    select pool.id, account.id, 100, 'credit', '2023-01-01', '2023-01-01', 0, 0, now()
    from accounts_account account, accounts_account pool
    where account.kind = 'person' and pool.kind = 'pool' order by account.id
    """,
]
FILLED = ["insured_person", "insured_enrolment", "insured_selection", "accounts_transfer"]


def main(people: int = 1_000_000) -> None:
    with city(people=0):
        fill(people)
        measure(pages)


def fill(people: int) -> None:
    started = time.perf_counter()
    with owner() as connection:
        for table in FILLED:
            connection.execute(f"alter table {table} disable trigger user")
        connection.execute(
            "create temporary table sealed_person (number bigint, index bytea, sealed bytea, tail bytea)"
        )
        _seal(connection, people)
        for statement in (PEOPLE, *FILL):
            connection.execute(statement, {"people": people + 1, "surnames": SURNAMES, "given": GIVEN})
            print(f"  {time.perf_counter() - started:6.0f} s  {' '.join(statement.split())[:60]}", flush=True)
        for table in FILLED:
            connection.execute(f"alter table {table} enable trigger user")
        connection.execute("vacuum analyze")


def _seal(connection, people: int) -> None:
    from insured.documents import sealed_document

    with connection.cursor().copy("copy sealed_person from stdin") as copy:
        for number in range(1, people + 1):
            copy.write_row((number, *sealed_document(document(number))))


def document(number: int) -> str:
    return f"X{number:017d}"


def measure(pages: Callable[[tuple[str, ...]], dict[str, str]], *, role: str = "clerk") -> None:
    """Each page for each clerk: quickest, median and slowest of five, in milliseconds."""
    slowest, slow = 0.0, []
    for who, counties in CLERKS.items():
        client = _signed_in(f"{role}, {who}", counties, role=role)
        for what, page in pages(counties).items():
            _served(client, page)  # warms up
            times = sorted(_served(client, page) for _time in range(5))
            slowest = max(slowest, times[2])
            slow += [f"{what}, {who}"] * (times[2] > ALLOWED)
            print(f"  {times[0]:5.0f} {times[2]:5.0f} {times[4]:5.0f} ms  {who:18} {what}", flush=True)
    print(f"  slowest median {slowest:.0f} ms; over {ALLOWED} ms: {'; '.join(slow) or 'none'}")


# Counties' people were entered one county after the other, in the order of the counties' codes.
CLERKS = {
    "whole city": (),
    "first county": ("441602",),
    "last county": ("441699",),
    "two last counties": ("441625", "441699"),
}


def pages(counties: tuple[str, ...]) -> dict[str, str]:
    from insured.models import Person

    people = Person.objects.filter(county__code__in=counties) if counties else Person.objects.all()
    person = people.order_by("-id")[0]
    number = person.document_number
    lists = {
        "people": "/insured/person/",
        "people, page 100": "/insured/person/?p=99",
        "enrolments": "/insured/enrolment/",
        "enrolments of a frequent status": "/insured/enrolment/?status__exact=flexible",
        "enrolments of a status nobody has": "/insured/enrolment/?status__exact=injury_paid",
        "enrolments of a scheme": "/insured/enrolment/?scheme__exact=390",
        "selections": "/insured/selection/",
        "selections of a kind nobody has": "/insured/selection/?kind__exact=carried",
        "selections of a facility": "/insured/selection/?q=H441600000013",
        "employers": "/insured/employer/",
        "facilities": "/facilities/facility/",
        "agreements": "/facilities/agreement/",
        "accounts": "/accounts/account/",
        "accounts of people": "/accounts/account/?kind__exact=person",
        "accounts of facilities": "/accounts/account/?kind__exact=payable",
        "transfers": "/accounts/transfer/",
        "transfers of a kind there is none of": "/accounts/transfer/?kind__exact=recovery",
        "a person": f"/insured/person/{person.pk}/change/",
    }
    searches = {
        "frequent surname": "王",
        "whole name": person.name,
        "given name": person.name[1:],
        "name nobody has": "尉迟敬德",
        "two initials": "wj",
        "three initials": "wjj",
        "whole document number": number,
        "last four of a document": number[-4:],
        "person number": person.person_number,
        "beginning of a person number": person.person_number[:6],
        "name and digits": "王12",
    }
    for what, text in searches.items():
        query = urlencode({"q": text})
        lists[f"people by {what}"] = f"/insured/person/?{query}"
        lists[f"enrolments by {what}"] = f"/insured/enrolment/?{query}"
        lists[f"completion by {what}"] = "/autocomplete/?" + urlencode(
            {"app_label": "insured", "model_name": "enrolment", "field_name": "person", "term": text}
        )
        lists[f"palette by {what}"] = "/find/?" + urlencode({"s": text})
    return lists


def _signed_in(who: str, counties: tuple[str, ...], *, role: str):
    from django.contrib.auth.models import Group
    from django.test import Client

    from office.models import County, Staff

    clerk, _created = Staff.objects.get_or_create(
        username=who, defaults={"display_name": who, "whole_city": not counties, "is_staff": True}
    )
    clerk.counties.set(County.objects.filter(code__in=counties))
    clerk.groups.set(Group.objects.filter(name=role))
    client = Client(SERVER_NAME="localhost")
    client.force_login(clerk)
    return client


def _served(client, page: str) -> float:
    started = time.perf_counter()
    response = client.get(page)
    took = 1000 * (time.perf_counter() - started)
    assert response.status_code == 200, (page, response.status_code)
    return took


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
