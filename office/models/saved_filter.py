"""How somebody looks at a list: the filters last in force on it, and those kept under a name."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SavedFilter(models.Model):
    """Filters of one page for one person; without a name, those last in force there.

    `query` is the address after the question mark. Words searched for are never in it: they name people.
    """

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(_("page"), max_length=80)
    name = models.CharField(_("name"), max_length=20, blank=True)
    query = models.CharField(_("filters"), max_length=500)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["staff", "page", "name"], name="saved_filter_name_once"),
            models.CheckConstraint(condition=~Q(query=""), name="saved_filter_of_something"),
        ]

    def __str__(self):
        return self.name or self.page
