"""Signing in with a phone at hand, and pages that run what is theirs and nothing else."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse
from django_otp.oath import totp

from office.models import Authenticator
from tests.population import member

INJECTED = """
const script = document.createElement("script");
script.textContent = "window.ran = true";
document.body.append(script);
"""


@pytest.mark.browser
def test_a_phone_is_set_up_and_asked_for(signed_in, portal):
    staff = member("clerk")
    page = signed_in("clerk")
    page.goto("/my-sign-in/")
    page.get_by_role("link", name="设置").click()
    key = page.locator("code.key").inner_text().replace(" ", "")
    device = Authenticator.objects.get(user=staff)
    assert key in device.config_url
    page.get_by_label("验证码").fill(f"{totp(device.bin_key):06d}")
    page.get_by_role("button", name="设置").click()
    recovery = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="已妥善保存，继续").click()
    page.get_by_text("剩余恢复码").wait_for()
    page.get_by_role("heading", name="我的登录").first.wait_for()

    page.request.post(f"{portal}/logout/")
    page.context.clear_cookies()
    page.goto("/insured/person/")
    page.get_by_label("用户名").fill("clerk")
    page.get_by_label("密码").fill("correct horse 42")
    page.get_by_role("button", name="登录").click()
    page.get_by_label("验证码").fill(recovery)
    page.get_by_role("button", name="继续").click()
    page.wait_for_url(re.compile("/insured/person/"))


@pytest.mark.browser
def test_no_page_asks_for_what_its_policy_refuses(signed_in):
    opened = set()
    for role in ("clerk", "security_administrator"):
        staff = member(role)
        page = signed_in(role)
        for path in pages_of(staff) - opened:
            if page.goto(path).ok:
                opened.add(path)
    assert len(opened) > 40


def pages_of(staff) -> set[str]:
    """The lists, forms and other pages that somebody of the role is let into."""
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")
        for model in admin.site._registry
        for right, page in (("view", "changelist"), ("add", "add"))
        if staff.has_perm(f"{model._meta.app_label}.{right}_{model._meta.model_name}")
    ]
    return {"/", "/my-sign-in/", "/sessions/", "/trial/", "/coverage/", *lists}


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/login/", "/"])
def test_a_script_that_got_into_a_page_does_not_run(signed_in, portal, new_context, path):
    member("clerk")
    context = signed_in("clerk").context
    page = (context if path == "/" else new_context(base_url=portal)).new_page()
    page.goto(f"{portal}{path}")
    page.evaluate(INJECTED)
    assert page.evaluate("window.ran") is None
