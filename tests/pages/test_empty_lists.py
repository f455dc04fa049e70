"""An empty list says what it would hold and where that comes from; one with nothing found, how to see all."""

from django.urls import reverse

from tests.population import insure


def test_an_empty_list_says_where_its_records_come_from(sign_in):
    page = sign_in("clerk").get(reverse("admin:insured_person_changelist")).content.decode()
    assert "暂无参保人员" in page
    assert "数据导入" in page


def test_a_search_that_finds_nothing_leads_back_to_all(sign_in):
    insure()
    page = (
        sign_in("clerk").get(reverse("admin:insured_person_changelist"), {"q": "没有此人"}).content.decode()
    )
    assert "没有符合条件的记录" in page
    assert "暂无" not in page
    assert '<a class="button" href="?filters=">' in page
