"""When a password must be replaced, and what a new one must be."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.models import Staff


def expires_at(staff: Staff) -> datetime | None:
    """When the password runs out; None where passwords do not."""
    return staff.password_set_at + timedelta(days=settings.PASSWORD_DAYS) if settings.PASSWORD_DAYS else None


def must_be_changed(staff: Staff) -> bool:
    """Whether an administrator gave the password, or it has run out."""
    expires = expires_at(staff)
    return staff.must_change_password or (expires is not None and expires <= timezone.now())


class OwnPasswordForm(PasswordChangeForm):
    """One's own new password, which is not the old one again."""

    old_password_is_kept = gettext_lazy("The new password is the old one. Choose another.")

    def clean_new_password1(self):
        new = self.cleaned_data["new_password1"]
        if new == self.cleaned_data.get("old_password"):
            raise ValidationError(self.old_password_is_kept)
        return new

    def save(self, commit=True):
        self.user.must_change_password = False
        return super().save(commit)


class CharacterKinds:
    """A password mixes several of: small letters, capitals, digits, anything else."""

    def __init__(self, kinds: int):
        self.kinds = kinds

    def validate(self, password, user=None):
        tests = (str.islower, str.isupper, str.isdigit, lambda character: not character.isalnum())
        if sum(any(map(test, password)) for test in tests) < self.kinds:
            raise ValidationError(self.get_help_text(), code="password_too_uniform")

    def get_help_text(self):
        return _(
            "Use at least %(kinds)d of four kinds of characters: small letters, capitals, digits, others."
        ) % {"kinds": self.kinds}
