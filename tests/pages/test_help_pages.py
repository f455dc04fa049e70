"""Help: every page of the portal leads to the task it is for, in both languages, with its picture."""

import pytest
from django.contrib.staticfiles import finders
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import translation

from config.interface import sidebar
from office import guide
from office.models import Staff

pytestmark = pytest.mark.django_db
LANGUAGES = ("zh-hans", "en")


def test_both_languages_tell_of_the_same():
    chinese, english = (guide.pages(language) for language in LANGUAGES)
    assert list(chinese) == list(english)
    for name, page in chinese.items():
        assert (page.places, page.picture) == (english[name].places, english[name].picture)


def test_every_picture_is_there():
    for language in LANGUAGES:
        for page in guide.pages(language).values():
            if page.picture:
                assert finders.find(f"office/help/{language}/{page.name}.webp"), page.name


def test_every_place_is_a_page_and_every_page_of_the_sidebar_a_place(rf):
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    for page in guide.pages("en").values():
        for place in page.places:
            assert place in names or place == "index" or is_list(place), place
    request = rf.get("/")
    request.user = Staff.objects.create_superuser("all", display_name="all")
    with translation.override("en"):
        untold = [
            str(entry["title"])
            for room in sidebar(request)
            for entry in room["items"]
            if guide.page_of(name_at(str(entry["link"]).split("?")[0])) is None
        ]
    assert untold == ["Help"]


def is_list(place: str) -> bool:
    try:
        reverse(f"admin:{place}_changelist")
    except NoReverseMatch:
        return False
    return True


def name_at(path: str) -> str:
    return get_resolver().resolve(path).url_name


def test_the_question_mark_leads_to_the_task(sign_in):
    def read(path: str) -> str:
        return sign_in("clerk").get(path).content.decode()

    assert reverse("help", args=["people"]) in read("/insured/person/")
    told = read(reverse("help", args=["people"]))
    assert "追溯变更" in told and "office/help/zh-hans/people" in told
    assert "psn_no" in read(reverse("glossary"))
    assert guide.pages("zh-hans")["imports"].title in read(f"{reverse('palette')}?s=导入")
    assert sign_in("clerk").get(reverse("help", args=["nothing"])).status_code == 404
