"""The agency: its city and counties, its staff, its working days."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Scheme(models.TextChoices):
    EMPLOYEE = "310", _("Employee scheme")
    RESIDENT = "390", _("Resident scheme")


class Origin(models.TextChoices):
    """Where an act came from."""

    PAGE = "page", _("Portal")
    COMMAND_LINE = "command_line", _("Command line")
    SCHEDULE = "schedule", _("Schedule")


class City(models.Model):
    """The one pooling area this database serves."""

    code = models.CharField(_("code"), max_length=6, primary_key=True)
    name = models.CharField(_("name"), max_length=50)
    name_en = models.CharField(_("English name"), max_length=50)

    class Meta:
        verbose_name = _("city")
        verbose_name_plural = _("cities")

    def __str__(self):
        return self.name


class County(models.Model):
    """A county, district or the municipal level (city code + 99) of the city."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=50)
    name_en = models.CharField(_("English name"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("county")
        verbose_name_plural = _("counties")
        ordering = ["code"]

    def __str__(self):
        return self.name


class Staff(AbstractUser):
    """Somebody who works at the agency and signs in."""

    first_name = None
    last_name = None
    display_name = models.CharField(pgettext_lazy("person", "name"), max_length=50)
    password_set_at = models.DateTimeField(_("password set"), default=timezone.now, editable=False)
    must_change_password = models.BooleanField(
        _("password was given by an administrator"), default=False, editable=False
    )

    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")

    def __str__(self):
        return self.display_name or self.username

    def set_password(self, raw_password):
        super().set_password(raw_password)
        self.password_set_at = timezone.now()

    def get_full_name(self):
        return self.display_name

    def get_short_name(self):
        return self.display_name


class WorkingDay(models.Model):
    """A day on which the agency departs from the public calendar of working days."""

    day = models.DateField(_("day"), unique=True)
    working = models.BooleanField(_("working day"))
    note = models.CharField(_("note"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("working day exception")
        verbose_name_plural = _("working day exceptions")
        ordering = ["-day"]

    def __str__(self):
        return str(self.day)
