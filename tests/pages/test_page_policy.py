"""What the browser is told about each page."""

import pytest
from django.test import Client

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def policy_of(response) -> set[str]:
    return set(response["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize("path", ["/login/", "/password_change/", "/sign-in/second-factor/", "/nothing/"])
def test_pages_of_signing_in_and_of_errors_run_no_text_as_script(sign_in, path):
    response = (Client() if path == "/login/" else sign_in("clerk")).get(path)
    assert policy_of(response) == STRICT
    assert {name: response[name] for name in HEADERS} == HEADERS


def test_pages_in_the_frame_may_evaluate_and_nothing_more(sign_in):
    response = sign_in("clerk").get("/")
    assert policy_of(response) - STRICT == {
        "script-src 'self' 'unsafe-eval'",
        "style-src-attr 'unsafe-inline'",
    }
    assert STRICT - policy_of(response) == {"script-src 'self'"}
    assert {name: response[name] for name in HEADERS} == HEADERS
    assert "no-store" in response["Cache-Control"]
