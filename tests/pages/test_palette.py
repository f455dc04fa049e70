"""Ctrl-K finds pages, people, facilities and runs: what whoever asks may see of them, and masked."""

import pytest
from django.core.cache import cache
from django.test import Client

from insured.models import Person
from office.models import County
from office.sealing import masked
from tests.pages.reading import texts_of
from tests.population import contract, insure, member

HERE, THERE = "441602", "441621"


@pytest.fixture
def found():
    """What somebody is shown for a text."""

    def found(client: Client, text: str) -> str:
        response = client.get("/find/", {"s": text})
        assert response.status_code == 200
        return " ".join(text for _tag, text in texts_of(response))

    return found


def test_each_kind_is_found_by_the_search_of_its_list(office, found, sign_in):
    clerk, person = sign_in("clerk"), office.people[0]
    Person.objects.filter(pk=person.pk).update(name="欧阳小静")
    number = person.document_number
    for text in ("欧阳", "oyxj", number, number[-4:], person.person_number):
        shown = found(clerk, text)
        assert f"欧阳小静 {masked(number)} · {person.person_number} · 源城区" in shown, text
        assert number not in shown
    assert "一级 · 源城区" in found(clerk, office.facility.code)
    assert f"#{office.february.pk} 个人账户计入 2023-02 已过账" in found(clerk, f"#{office.february.pk}")
    assert "个人账户计入 2023-03" in found(clerk, "2023-03")
    assert "数据导入 参保" in found(clerk, "导入")
    assert "未找到" in found(clerk, "尉迟敬德")
    assert found(clerk, " ") == ""
    assert not [key for key in cache._cache.get_client().keys("*") if b"search" in key]


def test_nobody_finds_what_is_not_theirs(found, sign_in):
    there = insure(county=THERE)
    Person.objects.filter(pk=there.pk).update(name="尉迟远")
    facility = contract()
    facility.name, facility.county = "乙县医院", County.objects.get(code=THERE)
    facility.save()
    here = Client()
    here.force_login(member("clerk", "of county", counties=(HERE,)))
    texts = ("尉迟", "ycy", there.document_number, there.document_number[-4:], there.person_number, "乙县")
    for text in texts:
        assert {"尉迟远", "乙县医院"} & set(found(sign_in("clerk"), text).split()), text
        assert not {"尉迟远", "乙县医院"} & set(found(here, text).split()), text
        assert "未找到" in found(sign_in("system_administrator"), text)
    assert "工作人员" in found(sign_in("security_administrator"), "工作人员")
    assert "未找到" in found(here, "工作人员")
    assert Client().get("/find/", {"s": "尉迟"}).status_code == 302
