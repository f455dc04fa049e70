"""Pages of trouble name the request, so that a telephone call leads to its lines in the log."""

import pytest
from django.conf import settings
from django.test import Client

from operations.logs import READ_OUT
from tests.population import member


@pytest.mark.parametrize(
    ("language", "told"),
    [("zh-hans", "请告知本次请求的编号和时间："), ("en", "name the number and the time of this request:")],
)
@pytest.mark.parametrize(("path", "status"), [("/nothing/", 404), ("/office/staff/", 403)])
def test_a_page_that_was_not_given_names_its_request(db, path, status, language, told):
    client = Client()
    client.force_login(member("clerk"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    response = client.get(path)
    number = response.headers["X-Request-ID"][:READ_OUT]
    assert response.status_code == status
    assert f"{told} <code>{number}</code>" in response.content.decode()


def test_a_page_that_failed_names_its_request(db, monkeypatch):
    client = Client(raise_request_exception=False)
    client.force_login(member("clerk"))
    monkeypatch.setattr("django.contrib.admin.sites.site.index_template", "nowhere.html")
    response = client.get("/")
    assert response.status_code == 500
    assert response.headers["X-Request-ID"][:READ_OUT] in response.content.decode()
    assert "{%" not in response.content.decode()
