"""Who works here and in which role; roles themselves are given by the portal (`groups.py`)."""

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, Permission
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop, pgettext
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.admin import TOTPDevice
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultiple

from office import second_factor, sessions
from office.access import note
from office.admin.changes import NAMES
from office.admin.panels import Panel, linked
from office.admin.records import ReadOnlyAdmin, RecordAdmin
from office.admin.staff_form import StaffChangeForm, StaffCreationForm
from office.groups import DUTIES, ROLES, exclusive_pairs
from office.models import Act, Staff, WorkingDay

admin.site.unregister(Group)
admin.site.unregister(TOTPDevice)  # people set their own up, and its key is nobody else's to see


def role_name(group: Group):
    return ROLES.get(group.name, group.name)


class GivenPasswordForm(AdminPasswordChangeForm):
    """A password for somebody else, who replaces it at the next sign-in."""

    def save(self, commit=True):
        self.user.must_change_password = True
        return super().save(commit)


@admin.register(Staff)
class StaffAdmin(auth_admin.UserAdmin, RecordAdmin):
    form = StaffChangeForm
    add_form = StaffCreationForm
    change_password_form = GivenPasswordForm
    list_display = ["username", "display_name", "roles", "works_for", "is_active", "last_login"]
    list_filter = [("is_active", BooleanRadioFilter)]
    search_fields = ["username__istartswith", "display_name__contains"]
    search_help_text = _("Name or sign-in name")
    ordering = ["username"]
    fieldsets = [
        (None, {"fields": [("username", "display_name"), ("identity", "is_active")]}),
        (None, {"fields": ["groups", "whole_city", "counties"]}),
        (None, {"fields": [("new_password", "second_factor"), "last_login"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "display_name", "identity", "password1", "password2"]}),
        (None, {"fields": ["groups", "whole_city", "counties"]}),
    ]
    readonly_fields = ["new_password", "second_factor", "last_login"]
    filter_horizontal = []
    panels = []

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups", "counties")

    def get_fieldsets(self, request, obj=None):
        """The identity card number is only ever entered; who only looks is offered no resetting either."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        _who, roles, _signing_in = fieldsets
        who = {"fields": [("username", "display_name"), "is_active"]}
        return [(None, who), roles, (None, {"fields": ["last_login"]})]

    def get_readonly_fields(self, request, obj=None):
        """Nobody gives themselves a role or a county."""
        own = ["groups", "whole_city", "counties", "is_active"] if obj == request.user else []
        return [*self.readonly_fields, *own]

    @admin.display(description=_("roles"))
    def roles(self, staff):
        return "、".join(str(role_name(group)) for group in staff.groups.all())

    @admin.display(description=_("works for"))
    def works_for(self, staff):
        if staff.sees_whole_city:
            return gettext("the whole city")
        return "、".join(county.name for county in staff.counties.all())

    @admin.display(description=_("password"))
    def new_password(self, staff):
        url = reverse("admin:auth_user_password_change", args=[staff.pk])
        return format_html('<a class="link" href="{}">{}</a>', url, _("Set a new password"))

    @admin.display(description=_("second factor"))
    def second_factor(self, staff):
        device = second_factor.device_of(staff)
        if device is None:
            return gettext("not set up")
        url = reverse("reset_factor", args=[staff.pk])
        return format_html('<a class="link" href="{}">{}</a>', url, gettext("Reset second factor"))

    def save_model(self, request, obj, form, change):
        """Whoever works here may sign in; what they see is said by their roles."""
        obj.is_staff = True
        obj.must_change_password |= not change
        super().save_model(request, obj, form, change)
        if not obj.is_active and sessions.end_all(obj):
            note(request, Act.SESSION_ENDED, subject=obj, detail=gettext_noop("disabled"))

    def user_change_password(self, request, id, form_url=""):
        """Whose password was set by somebody else is signed out, and replaces it first of all."""
        if id == str(request.user.pk):
            return redirect("admin:password_change")
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            staff = self.get_object(request, id)
            sessions.end_all(staff)
            note(request, Act.PASSWORD, subject=staff)
        return response

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        field = super().formfield_for_manytomany(
            db_field, request, widget=UnfoldAdminCheckboxSelectMultiple, **kwargs
        )
        field.help_text = db_field.help_text
        if db_field.name == "groups":
            field.label, field.help_text = _("roles"), ""
            field.label_from_instance = role_name
        return field


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    list_display = ["role", "duty", "excludes"]
    fields = ["role", "duty", "excludes"]
    ordering = ["id"]
    panels = []

    @admin.display(description=_("role"))
    def role(self, group):
        return role_name(group)

    @admin.display(description=_("what it is there for"))
    def duty(self, group):
        return DUTIES.get(group.name, "")

    @admin.display(description=_("may not be held together with"))
    def excludes(self, group):
        others = {other for role, other in exclusive_pairs() if role == group.name}
        return "、".join(str(name) for role, name in ROLES.items() if role in others)

    def title_of(self, record):
        return role_name(record)


def permissions_of(request, group) -> Panel:
    """What the role may do, a line for each kind of record."""
    may: dict[str, list[str]] = {}
    for permission in group.permissions.select_related("content_type").order_by("content_type", "id"):
        may.setdefault(permission.content_type.name, []).append(str(permission_name(permission)))
    return Panel(
        title=str(_("What the role may do")),
        columns={str(_("Records")): "text", str(_("May")): "text"},
        rows=[(records, gettext(", ").join(verbs)) for records, verbs in may.items()],
    )


def holders_of(request, group) -> Panel | None:
    """Who holds the role."""
    if not request.user.has_perm("office.view_staff"):
        return None
    return Panel(
        title=str(_("Who holds it")),
        columns={str(_("Sign-in name")): "text", str(pgettext("person", "Name")): "text"},
        rows=[
            (linked(staff, staff.username), staff.display_name)
            for staff in Staff.objects.filter(groups=group, is_active=True).order_by("username")
        ],
    )


VERBS = {
    "view": _("look at"),
    "add": _("enter"),
    "change": _("correct"),
    "delete": _("remove"),
    "export": _("export"),
}


def permission_name(permission):
    """Django's own four in words; ours are translated by their names."""
    verb = permission.codename.split("_")[0]
    return VERBS.get(verb, _(permission.name))


def permission_in_words(permission) -> str:
    return f"{permission.content_type.name}: {permission_name(permission)}"


RoleAdmin.panels += [permissions_of, holders_of]
NAMES.update({Group: role_name, Permission: permission_in_words})


@admin.register(WorkingDay)
class WorkingDayAdmin(RecordAdmin):
    list_display = ["day", "working", "note"]
    ordering = ["-day"]
    fields = [("day", "working"), "note"]

    def has_delete_permission(self, request, obj=None):
        return request.user.has_perm("office.delete_workingday")
