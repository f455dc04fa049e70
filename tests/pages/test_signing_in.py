"""Signing in as somebody at a browser does, and as somebody who should not get in tries to."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp

from office import second_factor
from office.models import AccessRecord, Act, Authenticator, SignIn, Staff
from tests.population import member

PASSWORD = "correct horse 42"
ELSEWHERE = "10.0.0.7"


@pytest.fixture
def clerk(db) -> Staff:
    return member("clerk")


@pytest.fixture
def demanded(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True


def sign_in(client: Client, name: str, password: str = PASSWORD, address: str = "10.0.0.1"):
    return client.post("/login/", {"username": name, "password": password}, REMOTE_ADDR=address)


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def noted(act: Act) -> list[tuple]:
    return list(AccessRecord.objects.filter(act=act).order_by("id").values_list("username", "address"))


def code_of(staff: Staff) -> str:
    """What the person's app shows now."""
    return f"{totp(Authenticator.objects.get(user=staff).bin_key):06d}"


def with_factor(staff: Staff) -> list[str]:
    """Set an app up for the person, as though some time ago; its recovery codes."""
    second_factor.device_to_confirm(staff)
    codes = second_factor.confirm(staff, code_of(staff))
    Authenticator.objects.update(last_t=-1)
    return codes


# Wrong passwords.


def test_ten_wrong_passwords_lock_a_name_but_not_its_colleagues(clerk, client):
    member("reviewer")
    for _attempt in range(settings.LOCK_NAME_AFTER - 1):
        assert sign_in(client, "clerk", "wrong").status_code == 200
    assert sign_in(client, "clerk", "wrong").status_code == 429
    refused = sign_in(client, "clerk")
    assert refused.status_code == 429
    assert "即使密码正确也无法登录" in refused.content.decode()
    assert sign_in(client, "clerk", address=ELSEWHERE).status_code == 429
    assert sign_in(client, "reviewer").status_code == 302
    assert noted(Act.SIGN_IN_FAILED) == [("clerk", "10.0.0.1")] * (settings.LOCK_NAME_AFTER - 1)
    assert noted(Act.LOCKED_OUT) == [("clerk", "10.0.0.1")] * 2 + [("clerk", ELSEWHERE)]


def test_an_address_is_locked_by_many_names(clerk, client, settings):
    settings.LOCK_ADDRESS_AFTER = 15
    for number in range(15):
        sign_in(client, f"guess{number}", "wrong")
    assert sign_in(client, "clerk").status_code == 429
    assert sign_in(client, "clerk", address=ELSEWHERE).status_code == 302


def test_signing_in_oneself_forgives_nobody_else(clerk, client):
    member("reviewer")
    for _attempt in range(settings.LOCK_NAME_AFTER - 1):
        sign_in(client, "reviewer", "wrong")
        sign_in(Client(), "clerk")
    assert sign_in(client, "reviewer", "wrong").status_code == 429


def test_a_lock_ends_by_itself(clerk, client):
    for _attempt in range(settings.LOCK_NAME_AFTER):
        sign_in(client, "clerk", "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME)
    assert sign_in(client, "clerk").status_code == 302


def test_the_security_administrator_sees_and_lifts_a_lock(clerk, client):
    for _attempt in range(settings.LOCK_NAME_AFTER):
        sign_in(client, "clerk", "wrong")
    member("security_administrator")
    sign_in(client, "security_administrator")
    page = client.get("/sessions/").content.decode()
    assert '<input type="hidden" name="name" value="clerk">' in page
    client.post("/sessions/", {"act": "unlock", "name": "clerk"})
    assert AccessRecord.objects.get(act=Act.UNLOCKED).subject == f"office.staff {clerk.pk}"
    assert sign_in(Client(), "clerk").status_code == 302


def test_a_password_typed_as_a_name_is_written_down_nowhere(clerk, client):
    sign_in(client, PASSWORD, "x")
    record = AccessRecord.objects.get()
    assert (record.username, record.detail) == ("", "unknown name")


# The second factor.


def test_who_moves_money_sets_a_factor_up_before_anything_else(clerk, client, demanded):
    sign_in(client, "clerk")
    assert client.get("/insured/person/").url == "/sign-in/second-factor/?next=%2Finsured%2Fperson%2F"
    assert client.post("/office/run/add/", {"kind": "credit"}).url == "/sign-in/second-factor/"
    assert "<svg" in client.get("/sign-in/second-factor/").content.decode()
    answer = client.post("/sign-in/second-factor/", {"code": code_of(clerk)}).content.decode()
    assert answer.count("<li><code>") == second_factor.RECOVERY_CODES
    assert is_in(client)
    assert noted(Act.SECOND_FACTOR) == [("clerk", "127.0.0.1")]


@pytest.mark.parametrize(
    ("role", "needs"),
    [
        ("clerk", True),
        ("reviewer", True),
        ("finance_accountant", True),
        ("policy_officer", True),
        ("security_administrator", True),
        ("auditor", True),
        ("audit_administrator", False),
    ],
)
def test_the_roles_that_need_one(db, demanded, role, needs):
    assert second_factor.is_demanded(member(role)) == needs


def test_a_code_opens_once(clerk, client):
    with_factor(clerk)
    code = code_of(clerk)
    sign_in(client, "clerk")
    assert client.get("/").url == "/sign-in/code/"
    client.post("/sign-in/code/", {"code": code})
    assert is_in(client)
    other = Client()
    sign_in(other, "clerk")
    again = other.post("/sign-in/code/", {"code": code})
    assert "已使用过" in again.content.decode()
    assert not is_in(other)


def test_a_recovery_code_opens_once(clerk, client):
    codes = with_factor(clerk)
    sign_in(client, "clerk")
    client.post("/sign-in/code/", {"code": codes[0].upper()})
    assert is_in(client)
    other = Client()
    sign_in(other, "clerk")
    other.post("/sign-in/code/", {"code": codes[0]})
    assert not is_in(other)
    other.post("/sign-in/code/", {"code": codes[1]})
    assert is_in(other)


def test_after_a_wrong_code_even_the_right_one_waits(clerk, client, settings):
    settings.OTP_TOTP_THROTTLE_FACTOR = 60  # longer than a slow machine takes for the requests
    with_factor(clerk)
    sign_in(client, "clerk")
    for wrong in ("000000", "abcdef"):
        client.post("/sign-in/code/", {"code": wrong})
    client.post("/sign-in/code/", {"code": code_of(clerk)})
    assert not is_in(client)
    assert noted(Act.SIGN_IN_FAILED) == [("clerk", "127.0.0.1")] * 3


def test_no_code_can_be_made_from_the_table_alone(clerk):
    codes = with_factor(clerk)
    device = Authenticator.objects.get()
    assert device.key not in device.config_url
    assert device.bin_key != bytes.fromhex(device.key)
    assert f"{totp(bytes.fromhex(device.key)):06d}" != code_of(clerk)
    plain = {second_factor.plain(code) for code in codes}
    assert plain.isdisjoint(clerk.recovery_codes.values_list("digest", flat=True))


def test_a_lost_phone_is_reset_by_the_security_administrator(clerk, client, demanded):
    with_factor(clerk)
    sign_in(client, "clerk")
    administrator, boss = Client(), member("security_administrator")
    with_factor(boss)
    sign_in(administrator, boss.username)
    administrator.post("/sign-in/code/", {"code": code_of(boss)})
    assert administrator.post(f"/sessions/second-factor/{clerk.pk}/").status_code == 302
    assert client.get("/").url == "/login/"
    sign_in(client, "clerk")
    assert client.get("/").url == "/sign-in/second-factor/"
    record = AccessRecord.objects.get(act=Act.SECOND_FACTOR, staff=boss)
    assert (record.subject, record.detail) == (f"office.staff {clerk.pk}", "reset")


def test_a_factor_is_removed_only_with_one_of_its_codes(clerk, client):
    codes = with_factor(clerk)
    sign_in(client, "clerk")
    client.post("/sign-in/code/", {"code": code_of(clerk)})
    client.post("/my-sign-in/", {"act": "remove", "code": "000000"})
    assert Authenticator.objects.exists()
    client.post("/my-sign-in/", {"act": "remove", "code": codes[0]})
    assert not Authenticator.objects.exists()
    assert not clerk.recovery_codes.exists()
    assert is_in(client)


# Passwords.


def test_a_password_given_by_an_administrator_is_replaced_first(clerk, client):
    administrator = Client()
    administrator.force_login(member("security_administrator"))
    sign_in(client, "clerk")
    new = {"password1": "Given 4 another", "password2": "Given 4 another", "usable_password": "true"}
    administrator.post(f"/office/staff/{clerk.pk}/password/", new)
    assert not is_in(client)
    sign_in(client, "clerk", "Given 4 another")
    assert client.get("/insured/person/").url == "/password_change/?next=%2Finsured%2Fperson%2F"
    change(client, "Given 4 another", "Chosen by me 8")
    assert is_in(client)
    changed = AccessRecord.objects.filter(act=Act.PASSWORD, subject=f"office.staff {clerk.pk}")
    assert {record.username for record in changed} == {"security_administrator", "clerk"}


def test_a_password_runs_out(clerk, client, settings):
    settings.PASSWORD_DAYS = 90
    sign_in(client, "clerk")
    assert is_in(client)
    Staff.objects.update(password_set_at=timezone.now() - timedelta(days=90))
    assert client.get("/").url == "/password_change/"
    assert "已过期" in client.get("/password_change/").content.decode()
    change(client, PASSWORD, "Chosen by me 8")
    assert is_in(client)


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("Sh0rt!", "10"),
        ("only small letters", "3 类"),
        (PASSWORD, "不能与原密码相同"),
        ("Chosen by me 8", None),
    ],
)
def test_what_a_new_password_must_be(clerk, client, new, told):
    client.force_login(clerk)
    answer = change(client, PASSWORD, new)
    assert answer.status_code == (200 if told else 302)
    assert told is None or told in answer.content.decode()


def test_a_changed_password_ends_the_other_sessions(clerk, client):
    other = Client()
    sign_in(other, "clerk")
    sign_in(client, "clerk")
    change(client, PASSWORD, "Chosen by me 8")
    assert is_in(client)
    assert not is_in(other)
    assert SignIn.objects.count() == 1


def change(client: Client, old: str, new: str):
    given = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/password_change/", given)


# Sessions.


def test_a_disabled_person_is_out_at_the_next_page(clerk, client):
    sign_in(client, "clerk")
    assert is_in(client)
    Staff.objects.update(is_active=False)
    assert client.get("/insured/person/").url == "/login/?next=%2Finsured%2Fperson%2F"
    Staff.objects.update(is_active=True)
    assert not is_in(client)


def test_disabling_somebody_ends_their_sessions(clerk, client):
    sign_in(client, "clerk")
    administrator = Client()
    administrator.force_login(member("security_administrator"))
    form = {
        "username": "clerk",
        "display_name": "clerk",
        "groups": [clerk.groups.get().pk],
        "whole_city": "on",
    }
    assert administrator.post(f"/office/staff/{clerk.pk}/change/", form).status_code == 302
    assert not SignIn.objects.filter(staff=clerk).exists()


def idle(minutes: float) -> None:
    SignIn.objects.update(seen_at=timezone.now() - timedelta(minutes=minutes))


def test_an_idle_session_ends_and_polling_does_not_keep_it(clerk, client):
    sign_in(client, "clerk")
    poll = {"HX-Request": "true"}
    idle(settings.SESSION_IDLE_MINUTES - 1)
    client.get("/", headers=poll)
    assert SignIn.objects.get().seen_at < timezone.now() - timedelta(minutes=1)
    client.get("/")
    assert SignIn.objects.get().seen_at > timezone.now() - timedelta(minutes=1)
    idle(settings.SESSION_IDLE_MINUTES)
    answer = client.get("/", headers=poll)
    assert answer["HX-Redirect"] == "/login/"  # the whole page goes there, not the part that asked
    assert not is_in(client)


def test_a_session_has_an_end_however_busy_it_is(clerk, client):
    sign_in(client, "clerk")
    SignIn.objects.update(since=timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE))
    assert not is_in(client)


def test_an_ended_session_is_over(clerk, client):
    sign_in(client, "clerk")
    administrator = Client()
    administrator.force_login(member("security_administrator"))
    row = SignIn.objects.get(staff=clerk)
    assert administrator.get("/sessions/").content.decode().count('value="end"') == 1
    administrator.post("/sessions/", {"act": "end", "session": row.pk})
    assert not is_in(client)
    assert AccessRecord.objects.get(act=Act.SESSION_ENDED).subject == f"office.staff {clerk.pk}"


def test_one_ends_only_ones_own_sessions(clerk, client):
    reviewer = Client()
    reviewer.force_login(member("reviewer"))
    sign_in(client, "clerk")
    row = SignIn.objects.get(staff=clerk)
    reviewer.post("/my-sign-in/", {"act": "end", "session": row.pk})
    assert reviewer.post("/sessions/", {"act": "end", "session": row.pk}).status_code == 403
    assert is_in(client)
    other = Client()
    sign_in(other, "clerk")
    other.post("/my-sign-in/", {"act": "end", "session": row.pk})
    assert not is_in(client)


def test_signing_out_ends_the_session(clerk, client):
    sign_in(client, "clerk")
    stolen = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/logout/")
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = stolen
    assert not is_in(thief)
    assert not SignIn.objects.exists()
    assert noted(Act.SIGN_OUT) == [("clerk", "127.0.0.1")]


def test_the_way_back_stays_in_the_portal(clerk, client):
    with_factor(clerk)
    sign_in(client, "clerk")
    answer = client.post("/sign-in/code/?next=//evil.example/", {"code": code_of(clerk)})
    assert answer.url == "/"
