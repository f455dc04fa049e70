"""The pages of signing in beyond the password, and the page about one's own sign-in."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import Http404
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import passwords, second_factor, sessions
from office.access import note
from office.admin.pages import outside, page
from office.admin.session_pages import chosen_session, session_rows
from office.models import Act, SignIn

CODE_INPUT = {"autocomplete": "one-time-code", "autofocus": True, "maxlength": "24", "spellcheck": "false"}


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("One-time code"), max_length=24, widget=forms.TextInput(attrs=CODE_INPUT)
    )


def code_page(request):
    """The second step of signing in."""
    staff, sign_in = request.user, request.sign_in
    if sign_in.second_factor or not sign_in.has_factor:
        return redirect(next_page(request))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if second_factor.is_given(staff, form.cleaned_data["code"]):
            SignIn.objects.filter(pk=sign_in.pk).update(second_factor=True)
            return redirect(next_page(request))
        note(request, Act.SIGN_IN_FAILED, detail="second factor")
        form.add_error("code", wrong_code())
    return outside(request, "office/code.html", {"form": form, "title": _("Second step of signing in")})


def setup_page(request):
    """Set an authenticator app up; whoever has one keeps it until it is removed."""
    staff = request.user
    if request.sign_in.has_factor:
        return redirect("own_sign_in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if codes := second_factor.confirm(staff, form.cleaned_data["code"]):
            SignIn.objects.filter(pk=request.sign_in.pk).update(second_factor=True)
            note(request, Act.SECOND_FACTOR, subject=staff, detail="set up")
            return recovery_codes_page(request, codes, back=next_page(request))
        form.add_error("code", wrong_code())
    device = second_factor.device_to_confirm(staff)
    context = {
        "form": form,
        "title": _("Set up the second factor"),
        "demanded": second_factor.is_demanded(staff),
        "qr_code": second_factor.qr_code(device),
        "key": second_factor.key_to_type(device),
        "back": "" if second_factor.is_demanded(staff) else next_page(request),
    }
    return outside(request, "office/second_factor_setup.html", context)


def recovery_codes_page(request, codes: list[str], *, back: str):
    """The codes, once: they are nowhere else to be read."""
    context = {"codes": codes, "title": _("Recovery codes"), "next": resolve_url(back)}
    return outside(request, "office/recovery_codes.html", context)


def wrong_code() -> str:
    return _("This code is wrong, already used, or came too soon after a wrong one. Wait for the next one.")


def password_page(request):
    """Change one's own password; other sessions of the same person end."""
    staff = request.user
    form = passwords.OwnPasswordForm(staff, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, staff)
        sessions.end_all(staff, but=request.sign_in.pk)
        note(request, Act.PASSWORD, subject=staff)
        messages.success(request, _("Your password was changed."))
        return redirect(next_page(request))
    context = {
        "form": form,
        "title": _("Change password"),
        "given": staff.must_change_password,
        "expired": passwords.must_be_changed(staff),
        "rules": password_validators_help_texts(),
        "back": "" if passwords.must_be_changed(staff) else next_page(request),
    }
    return outside(request, "office/password.html", context)


def own_page(request):
    """Password, second factor and sessions of whoever looks."""
    staff = request.user
    if request.method == "POST":
        return change_own(request)
    device = second_factor.device_of(staff)
    context = {
        "title": _("My sign-in"),
        "expires": passwords.expires_at(staff),
        "device": device,
        "recovery_codes": staff.recovery_codes.count(),
        "demanded": second_factor.is_demanded(staff),
        "form": CodeForm(auto_id=False),
        "sessions": session_rows(sessions.live().filter(staff=staff), own=request.sign_in),
    }
    return page(request, "office/own_sign_in.html", context)


def change_own(request):
    """End a session of one's own, or change the second factor with one of its codes."""
    staff, act = request.user, request.POST.get("act")
    if act == "end":
        others = chosen_session(request).filter(staff=staff).exclude(pk=request.sign_in.pk)
        if others.delete()[0]:
            note(request, Act.SESSION_ENDED, subject=staff)
            messages.success(request, _("The session was ended."))
        return redirect("own_sign_in")
    if act not in ("renew", "remove"):
        raise Http404
    if not second_factor.is_given(staff, request.POST.get("code", "")):
        note(request, Act.SIGN_IN_FAILED, detail="second factor")
        messages.error(request, wrong_code())
        return redirect("own_sign_in")
    if act == "renew":
        note(request, Act.SECOND_FACTOR, subject=staff, detail="new recovery codes")
        return recovery_codes_page(request, second_factor.new_recovery_codes(staff), back="own_sign_in")
    second_factor.forget(staff)
    SignIn.objects.filter(pk=request.sign_in.pk).update(second_factor=False)
    note(request, Act.SECOND_FACTOR, subject=staff, detail="removed")
    messages.success(request, _("The second factor was removed."))
    return redirect("own_sign_in")


def next_page(request) -> str:
    """Where the person wanted to go before a step of signing in came between."""
    asked = request.GET.get("next", "")
    return asked if url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else "/"


def signed_in(view):
    return admin.site.admin_view(view)
