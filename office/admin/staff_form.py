"""Entering who works here: as whom, in which roles, for which counties."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from office.groups import ROLES, clash_of
from office.models import Staff
from office.sealing import blind_index


class IdentityField(forms.CharField):
    """Somebody's identity card number, of which only the keyed index is kept."""

    def __init__(self):
        super().__init__(
            label=gettext_lazy("identity card number"),
            required=False,
            max_length=18,
            widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
            help_text=gettext_lazy(
                "Not kept, only compared: two sign-ins with the same number are one person, who may not hold"
                " roles that exclude each other. Empty leaves it as it is."
            ),
        )

    def clean(self, value):
        number = super().clean(value).strip().upper()
        return blind_index(number, purpose="staff identity").hex() if number else ""


class ScopedStaff:
    """What both forms of a member of staff check."""

    def clean(self):
        data = super().clean()
        if data.get("identity"):
            self.instance.person_key = data["identity"]
        if "groups" in data:
            self._refuse_exclusive_roles(data["groups"])
        if "whole_city" in data and data["whole_city"] == bool(data.get("counties")):
            self.add_error("counties", _("Choose counties, or the whole city; not both and not neither."))
        return data

    def _refuse_exclusive_roles(self, chosen) -> None:
        roles = {group.name for group in chosen}
        others = Staff.objects.filter(person_key=self.instance.person_key, is_active=True)
        for other in others.exclude(pk=self.instance.pk).prefetch_related("groups"):
            roles |= {group.name for group in other.groups.all()}
        if clash := clash_of(roles):
            one, other = (ROLES[role] for role in clash)
            self.add_error(
                "groups",
                ValidationError(
                    _("One person may not be both %(one)s and %(other)s, under one sign-in or two."),
                    params={"one": one, "other": other},
                ),
            )


class StaffChangeForm(ScopedStaff, UserChangeForm):
    identity = IdentityField()


class StaffCreationForm(ScopedStaff, UserCreationForm):
    identity = IdentityField()
