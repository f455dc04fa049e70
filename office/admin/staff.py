"""Who works here and in which role; roles themselves are given by the portal (`groups.py`)."""

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from office.admin.changes import NAMES
from office.admin.panels import Panel
from office.admin.records import ReadOnlyAdmin, RecordAdmin
from office.groups import ROLES
from office.models import Staff, WorkingDay

admin.site.unregister(Group)


def role_name(group: Group):
    return ROLES.get(group.name, group.name)


@admin.register(Staff)
class StaffAdmin(auth_admin.UserAdmin, RecordAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "display_name", "roles", "is_active", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["username__istartswith", "display_name__contains"]
    search_help_text = _("Name or sign-in name")
    ordering = ["username"]
    fieldsets = [
        (None, {"fields": [("username", "display_name"), ("groups", "is_active")]}),
        (None, {"fields": [("new_password", "last_login")]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "display_name", "password1", "password2", "groups"]}),
    ]
    readonly_fields = ["new_password", "last_login"]
    filter_horizontal = []
    panels = []

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("roles"))
    def roles(self, staff):
        return "、".join(str(role_name(group)) for group in staff.groups.all())

    @admin.display(description=_("password"))
    def new_password(self, staff):
        url = reverse("admin:auth_user_password_change", args=[staff.pk])
        return format_html('<a class="link" href="{}">{}</a>', url, _("Set a new password"))

    def save_model(self, request, obj, form, change):
        """Whoever works here may sign in; what they see is said by their roles."""
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups":
            field.label, field.help_text = _("roles"), ""
            field.label_from_instance = role_name
        return field


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    list_display = ["role"]
    fields = ["role"]
    ordering = ["id"]
    panels = []

    @admin.display(description=_("role"))
    def role(self, group):
        return role_name(group)

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


RoleAdmin.panels.append(permissions_of)
NAMES.update({Group: role_name, Permission: permission_in_words})


@admin.register(WorkingDay)
class WorkingDayAdmin(RecordAdmin):
    list_display = ["day", "working", "note"]
    ordering = ["-day"]
    fields = [("day", "working"), "note"]

    def has_delete_permission(self, request, obj=None):
        return request.user.has_perm("office.delete_workingday")
