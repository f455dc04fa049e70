"""The one place to see who is signed in and who is locked out, and to end either."""

import re
from typing import NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from office import lockout, second_factor, sessions
from office.access import note
from office.admin.pages import page
from office.models import Act, SignIn, Staff

# In this order: most browsers also name those they descend from.
BROWSERS = {
    "Edg": "Edge",
    "QQBrowser": "QQ",
    "MetaSr": "Sogou",
    "QIHU|360SE|360EE": "360",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone|iPad": "iOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


class SessionRow(NamedTuple):
    sign_in: SignIn
    browser: str
    own: bool


def session_rows(found: QuerySet[SignIn], *, own: SignIn) -> list[SessionRow]:
    return [
        SessionRow(sign_in, browser_name(sign_in.browser), sign_in.pk == own.pk)
        for sign_in in found.select_related("staff")
    ]


def browser_name(agent: str) -> str:
    """What a User-Agent header says to people: "Edge 128 · Windows"."""
    found = []
    for pattern, name in BROWSERS.items():
        if match := re.search(rf"(?:{pattern})\w*(?:/(\d+))?", agent):
            found.append(f"{name} {match[1] or ''}".strip())
            break
    found += [name for pattern, name in SYSTEMS.items() if re.search(pattern, agent)][:1]
    return " · ".join(found) or agent[:40] or "–"


def sessions_page(request):
    if request.method == "POST":
        return act_on_session(request)
    context = {
        "title": _("Sessions"),
        "sessions": session_rows(sessions.live(), own=request.sign_in),
        "locks": lockout.locks(),
        "may_end": request.user.has_perm("office.delete_signin"),
        "may_unlock": request.user.has_perm("office.unlock_signin"),
    }
    return page(request, "office/sessions.html", context)


def act_on_session(request):
    """End a session, or lift a lock."""
    act = request.POST.get("act")
    if act == "end":
        demand(request, "office.delete_signin")
        sign_in = chosen_session(request).select_related("staff").first()
        if sign_in:
            sign_in.delete()
            note(request, Act.SESSION_ENDED, subject=sign_in.staff)
        messages.success(request, _("The session was ended."))
    elif act == "unlock":
        demand(request, "office.unlock_signin")
        name, address = request.POST.get("name", ""), request.POST.get("address", "")
        if lockout.forgive(name=name, address=address):
            locked = Staff.objects.filter(username=name).first() or (address and f"address {address}")
            note(request, Act.UNLOCKED, subject=locked or "unknown name")
        messages.success(request, _("Unlocked: signing in is possible again."))
    else:
        raise Http404
    return redirect("sessions")


def chosen_session(request) -> QuerySet[SignIn]:
    number = request.POST.get("session", "")
    return SignIn.objects.filter(pk=number) if number.isdecimal() else SignIn.objects.none()


def reset_factor_page(request, number: int):
    """Take a colleague's second factor away, after asking; their sessions end."""
    staff = get_object_or_404(Staff, pk=number)
    if staff == request.user:
        return redirect("own_sign_in")
    if request.method == "POST":
        second_factor.forget(staff)
        sessions.end_all(staff)
        note(request, Act.SECOND_FACTOR, subject=staff, detail="reset")
        messages.success(request, _("The second factor of %(name)s was reset.") % {"name": staff})
        return redirect("admin:office_staff_change", number)
    context = {"title": _("Reset second factor"), "member": staff, "device": second_factor.device_of(staff)}
    return page(request, "office/reset_factor.html", context)


def demand(request, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
