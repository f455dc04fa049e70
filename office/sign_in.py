"""What is written down when somebody signs in, fails to, is locked out or signs out.

Django and django-axes tell it by signals; `OfficeConfig.ready` connects these four, and nothing else.
"""

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from office import sessions
from office.access import note
from office.acting import address_of
from office.models import Act, SignIn, Staff


def connect() -> None:
    user_logged_in.connect(signed_in)
    user_logged_out.connect(signed_out)
    user_login_failed.connect(failed)
    user_locked_out.connect(locked_out)


def signed_in(sender, request, user, **kwargs) -> None:
    """Open the session's row; who signs in anew in the same browser ends the one before."""
    request.user = user
    SignIn.objects.filter(pk=request.session.get(sessions.KEY)).delete()
    browser = request.headers.get("User-Agent", "")[:300]
    row = SignIn.objects.create(staff=user, address=address_of(request), browser=browser)
    request.session[sessions.KEY] = row.pk
    note(request, Act.SIGN_IN)


def signed_out(sender, request, user, **kwargs) -> None:
    if user is not None:
        SignIn.objects.filter(pk=request.session.get(sessions.KEY), staff=user).delete()
        note(request, Act.SIGN_OUT)


def failed(sender, credentials, request=None, **kwargs) -> None:
    if request is not None and not getattr(request, "axes_locked_out", False):
        note(request, Act.SIGN_IN_FAILED, **whose(credentials.get("username")))


def locked_out(sender, request, username=None, **kwargs) -> None:
    note(request, Act.LOCKED_OUT, **whose(username))


def whose(typed: str | None) -> dict:
    """The sign-in name, where it is one: people type their passwords into the wrong field."""
    if typed and Staff.objects.filter(username=typed).exists():
        return {"username": typed}
    return {"detail": "unknown name"}
