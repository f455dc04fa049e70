"""Every page of every role opens in both languages, and speaks only the language chosen."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import Account
from accounts.proving import prove_books
from insured.admin.person_acts import ACTS
from office.groups import ROLES
from office.models import County
from tests.pages.reading import texts_of

HEADER = "证件号码,姓名,险种,参保身份,月缴费基数,生效年月,区县代码\n"
ENGLISH = re.compile(r"[A-Za-z]{3,}")
HASH = re.compile("[0-9a-f]{64}")
CHINESE = re.compile("[\u4e00-\u9fff]")
# Names, codes and units that are the same in any language, and what the fixtures call people.
SAME = {
    "Gongji", "Excel", "CSV", "xlsx", "csv", "English", "heyuan", "YYYY", "enrolments", "Celery",
    "clerk", "reviewer", "auditor", "finance", "policy", "officer", "system", "administrator", "app",
    "accountant", "cashier", "security", "audit", "run", "import",
}  # fmt: skip

LABELS = {"th", "label", "button", "h1", "h2", "legend", "dt", "placeholder", "aria-label"}
DATA = {"简体中文", "测试医院", "名单.csv"}


def pages_of(model) -> list[str]:
    """The list of a model, a new one, and the page of one that is there."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    pages = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
    record = model._default_manager.order_by("pk").last()
    return pages if record is None else [*pages, reverse(f"{name}_change", args=[record.pk])]


def all_pages(office) -> list[str]:
    pages = [
        "/",
        "/?month=2023-03",
        "/password_change/",
        "/coverage/",
        "/system/",
        "/waiting/",
        "/income/?year=2023",
    ]
    prove_books(origin="schedule")
    own = Account.objects.filter(kind="person").first()
    pages += ["/income/?month=2023-02&county=441602", reverse("account_statement", args=[own.pk])]
    pages.append(reverse("admin:office_policyversion_figure", args=["310"]) + "?value=outpatient_rate")
    pages += [page for model in admin.site._registry for page in pages_of(model)]
    pages += [reverse("admin:insured_person_act", args=[office.people[0].pk, name]) for name in ACTS]
    return pages + [
        reverse("admin:office_run_change", args=[run.pk]) for run in (office.february, office.march)
    ]


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_in_chinese_with_no_english_left(office, upload, sign_in, role):
    upload(HEADER + "44160219800101001X,张三,310,在职,-5,2023-03,441602\n")
    client, opened, left = sign_in(role), 0, set()
    for page in all_pages(office):
        response = client.get(page, follow=True)
        assert response.status_code in (200, 403), f"{page}: {response.status_code}"
        if response.status_code == 200:
            opened += 1
            left |= {
                f"{page} <{tag}> {text}"
                for tag, text in texts_of(response)
                if not HASH.fullmatch(text) and not text.startswith("/") and set(ENGLISH.findall(text)) - SAME
            }
    assert not left
    assert opened > 5


@pytest.mark.parametrize("role", ["clerk", "system_administrator"])
def test_every_page_opens_in_english_with_no_chinese_label(office, upload, sign_in, role):
    upload(HEADER + "44160219800101001X,张三,310,在职,5000,2023-03,441602\n")
    client, left = sign_in(role, "en"), set()
    for page in all_pages(office):
        response = client.get(page, follow=True)
        assert response.status_code in (200, 403), f"{page}: {response.status_code}"
        if response.status_code == 200:
            left |= {
                f"{page} <{tag}> {text}"
                for tag, text in texts_of(response)
                if tag in LABELS and CHINESE.search(text) and text not in DATA
            }
    assert not left


def test_nobody_gets_in_without_signing_in(client, db):
    response = client.get("/office/run/")
    assert response.status_code == 302
    page = client.get(response.url)
    assert "登录" in page.content.decode()


@pytest.mark.parametrize(
    ("path", "told"), [("/nothing/", "页面不存在"), ("/office/run/99999/change/", "页面不存在")]
)
def test_what_is_not_there_is_said_kindly(sign_in, path, told):
    response = sign_in("clerk").get(path)
    assert response.status_code == 404
    assert told in response.content.decode()


def test_the_sidebar_shows_only_what_the_role_may_see(office, sign_in):
    links = {role: sign_in(role).get("/").content.decode() for role in ("clerk", "system_administrator")}
    assert 'href="/insured/person/"' in links["clerk"]
    assert 'href="/office/staff/"' not in links["clerk"]
    assert 'href="/insured/person/"' not in links["system_administrator"]
    assert 'href="/office/staff/"' in links["system_administrator"]


@pytest.mark.parametrize("role", ["clerk", "reviewer", "finance_cashier"])
def test_whatever_the_workbench_offers_a_county_opens(office, staff, sign_in, role):
    office.prepared("prepayment", office.march.period)
    staff[role].whole_city = False
    staff[role].save()
    staff[role].counties.set(County.objects.filter(code="441602"))
    client = sign_in(role)
    workbench = client.get("/?month=2023-03").content.decode()
    assert "2023 年个人账户计入" not in workbench  # what runs came to is the city's
    offered = set(re.findall(r'href="(/[a-z][^"]*)"', workbench))
    offered = {unescape(link) for link in offered if not link.startswith("/static/")}
    assert len(offered) > 20
    assert {link for link in offered if client.get(link, follow=True).status_code != 200} == set()


def test_pages_load_nothing_from_outside(office, sign_in):
    client = sign_in("clerk")
    for page in all_pages(office):
        outside = re.findall(
            r'(?:src|href|action)="((?:https?:)?//[^"]+)"', client.get(page).content.decode()
        )
        assert not outside, page
