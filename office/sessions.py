"""Sessions: who is signed in, how long that lasts, and what must be done first.

A session ends when its row is removed (by the person, an administrator, or because the account was
disabled), when nobody has used it for SESSION_IDLE_MINUTES, and SESSION_COOKIE_AGE after the sign-in.
"""

from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from office import passwords, second_factor
from office.access import note
from office.models import Act, Authenticator, SignIn, Staff

KEY = "sign_in"
# Seen this recently is written down already.
OFTEN = timedelta(seconds=30)
# What a step still lets through besides its own page.
ALWAYS_OPEN = ("admin:logout", "set_language")


def live() -> QuerySet[SignIn]:
    """The sessions that still hold."""
    now = timezone.now()
    return SignIn.objects.filter(
        since__gt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE),
        seen_at__gt=now - timedelta(minutes=settings.SESSION_IDLE_MINUTES),
        staff__is_active=True,
    )


def end_all(staff: Staff, *, but: int | None = None) -> int:
    """End the person's sessions; how many there were."""
    return SignIn.objects.filter(staff=staff).exclude(pk=but).delete()[0]


def forget_old() -> None:
    """Remove the rows of sessions that ended by themselves."""
    SignIn.objects.exclude(pk__in=live().values("pk")).delete()


class SignedInMiddleware:
    """Let in only whose session still holds and whose steps of signing in are complete."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated and KEY not in request.session:
            return self.get_response(request)
        found = SignIn.objects.filter(pk=request.session.get(KEY)).select_related("staff")
        has_factor = Exists(Authenticator.objects.filter(user=OuterRef("staff"), confirmed=True))
        request.sign_in = found.annotate(has_factor=has_factor).first()
        if ended := why_over(request):
            return over(request, ended)
        if step := next_step(request):
            return step if step_is_elsewhere(request, step) else self.get_response(request)
        response = self.get_response(request)
        if not is_polling(request):
            seen(request.sign_in)
        return response


def why_over(request) -> str | None:
    """The reason why the session does not hold any more, as the person is told; None while it holds."""
    sign_in = request.sign_in
    if sign_in is None or sign_in.staff_id != request.user.pk:
        return _("Your session has ended. Please sign in again.")
    now = timezone.now()
    if sign_in.seen_at <= now - timedelta(minutes=settings.SESSION_IDLE_MINUTES):
        return _("You were signed out after %(minutes)d minutes without activity.") % {
            "minutes": settings.SESSION_IDLE_MINUTES
        }
    if sign_in.since <= now - timedelta(seconds=settings.SESSION_COOKIE_AGE):
        return _("Your session has lasted long enough. Please sign in again.")
    return None


def over(request, ended: str) -> HttpResponse:
    """End the session for good and lead to the sign-in page."""
    if request.sign_in is not None:
        request.sign_in.delete()
        note(request, Act.SIGN_OUT, detail=ended, username=request.sign_in.staff.username)
    request.session.flush()
    request.user = AnonymousUser()
    messages.warning(request, ended)
    return lead_to(request, "admin:login")


def next_step(request) -> HttpResponse | None:
    """The way to what must be done before anything else; None when nothing is left."""
    staff, sign_in = request.user, request.sign_in
    if sign_in.has_factor and not sign_in.second_factor:
        return lead_to(request, "second_factor_code")
    if passwords.must_be_changed(staff):
        return lead_to(request, "admin:password_change")
    if not sign_in.has_factor and second_factor.is_demanded(staff):
        return lead_to(request, "second_factor_setup")
    return None


def step_is_elsewhere(request, step: HttpResponse) -> bool:
    open_here = [step.step, *map(reverse, ALWAYS_OPEN)]
    return request.path not in open_here


def lead_to(request, name: str) -> HttpResponse:
    """A redirect that comes back afterwards; htmx, which asks for parts of a page, follows it as a whole."""
    page, asked = reverse(name), request.get_full_path() if request.method == "GET" else ""
    from_part = request.headers.get("HX-Request")
    url = f"{page}?{urlencode({'next': asked})}" if asked not in ("", "/") and not from_part else page
    response = HttpResponse(headers={"HX-Redirect": url}) if from_part else HttpResponseRedirect(url)
    response.step = page
    return response


def is_polling(request) -> bool:
    """Parts that a page asks for by itself say nothing about whether anybody sits before it."""
    return request.method == "GET" and "HX-Request" in request.headers


def seen(sign_in: SignIn) -> None:
    """Move the idle time on, at the end of the page so that no other page waits for this one."""
    now = timezone.now()
    if sign_in.seen_at < now - OFTEN:
        SignIn.objects.filter(pk=sign_in.pk).update(seen_at=now)
