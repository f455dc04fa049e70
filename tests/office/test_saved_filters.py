"""Lists come back as somebody left them, on any machine, and to nobody else."""

import pytest
from django.test import Client

from office.models import County, SavedFilter
from tests.population import contract, insure, member

RUNS, FACILITIES, SELECTIONS = "/office/run/", "/facilities/facility/", "/insured/selection/"


@pytest.fixture
def clerk(db):
    return member("clerk")


def browser(staff) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def told(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_filters_chosen_on_a_list_are_there_again_after_the_next_sign_in(clerk):
    chosen = browser(clerk).get(
        RUNS, {"state__exact": "posted", "scheme__exact": "", "filters": ""}, follow=True
    )
    assert chosen.redirect_chain[-1][0] == f"{RUNS}?state__exact=posted&scheme__exact="
    assert "<b>状态</b> 已过账" in told(chosen)
    again = browser(clerk).get(RUNS, follow=True)
    assert again.redirect_chain == [(f"{RUNS}?state__exact=posted", 302)]
    assert "<b>状态</b> 已过账" in told(again)


def test_they_are_cleared_for_good(clerk):
    client = browser(clerk)
    client.get(RUNS, {"state__exact": "posted", "filters": ""})
    assert told(client.get(RUNS, {"filters": ""}, follow=True))
    assert not client.get(RUNS, follow=True).redirect_chain
    assert not SavedFilter.objects.exists()


def test_a_link_to_part_of_a_list_shows_that_part_and_changes_nothing(clerk):
    client = browser(clerk)
    client.get(RUNS, {"state__exact": "posted", "filters": ""})
    part = told(client.get(RUNS, {"state__exact": "computed"}))
    assert "<b>状态</b>" in part
    assert "<b>状态</b> 已过账" not in part
    assert client.get(RUNS).url == f"{RUNS}?state__exact=posted"


def test_words_searched_for_are_never_kept(clerk):
    client = browser(clerk)
    shown = client.get(SELECTIONS, {"q": "张三", "kind__exact": "first", "filters": ""})
    assert "q=" in shown.url  # this time it is looked for
    client.post(f"{SELECTIONS}filters/", {"name": "首次", "query": "q=张三&kind__exact=first"})
    client.get("/office/document/", {"title": "张三", "filters": ""})
    client.get("/office/document/", {"title": "44160219800101001X", "filters": ""})
    assert set(SavedFilter.objects.values_list("query", flat=True)) == {"kind__exact=first"}


@pytest.mark.parametrize(
    "query", ["no_such_field__exact=1", "by__password__startswith=a", "state__exact=gone"]
)
def test_filters_that_mean_nothing_any_more_lead_to_the_list(clerk, query):
    SavedFilter.objects.create(staff=clerk, page=RUNS, query=query)
    assert told(browser(clerk).get(RUNS, follow=True))


def test_nobody_sees_the_filters_of_another(clerk):
    browser(clerk).post(f"{RUNS}filters/", {"name": "早班", "query": "state__exact=posted"})
    browser(clerk).get(RUNS, {"state__exact": "posted", "filters": ""})
    other = browser(member("reviewer")).get(RUNS)
    assert "早班" not in told(other)


def test_filters_are_kept_under_a_name_and_removed(clerk):
    client = browser(clerk)
    post = {"name": "已过账", "query": "state__exact=posted", "back": "state__exact=posted"}
    shown = told(client.post(f"{RUNS}filters/", post, follow=True))
    assert 'aria-current="true">已过账</a>' in shown
    assert 'href="?state__exact=posted&amp;filters="' in shown
    client.post(f"{RUNS}filters/", post | {"query": "state__exact=computed"})
    assert SavedFilter.objects.get().query == "state__exact=computed"
    client.post(f"{RUNS}filters/", {"name": "已过账", "back": ""})
    assert not SavedFilter.objects.exists()


def test_a_name_is_asked_for_and_lists_of_names_end(clerk):
    client = browser(clerk)
    assert "请为这些条件命名" in told(
        client.post(f"{RUNS}filters/", {"query": "state__exact=posted"}, follow=True)
    )
    for number in range(12):
        client.post(f"{RUNS}filters/", {"name": f"条件{number}", "query": f"period={number}"})
    full = client.post(f"{RUNS}filters/", {"name": "再一", "query": "period=99"}, follow=True)
    assert "最多保存12组条件" in told(full)
    assert SavedFilter.objects.count() == 12


def test_filters_are_kept_of_lists_that_somebody_may_see(clerk):
    assert browser(clerk).get("/office/staff/").status_code == 403
    assert (
        browser(clerk).post("/office/staff/filters/", {"name": "a", "query": "is_active=1"}).status_code
        == 403
    )


def test_a_county_chosen_on_one_page_is_asked_about_on_the_others(db):
    insure()
    contract()
    client = browser(member("reviewer"))
    county = County.objects.get(code="441602")
    client.get(FACILITIES, {"county__id__exact": county.pk, "level__exact": "primary", "filters": ""})
    assert county.name in told(client.get("/fund/"))
    assert county.name in told(client.get("/income/", {"year": 2023}))
    alerts = client.get("/monitoring/alert/", follow=True)
    assert alerts.redirect_chain == [(f"/monitoring/alert/?facility__county__id__exact={county.pk}", 302)]
    client.get("/fund/", {"county": ""})
    assert client.get(FACILITIES).url == f"{FACILITIES}?level__exact=primary"
