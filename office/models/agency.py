"""The agency: its city and counties, its staff, its working days and the dates of its work."""

import secrets

from django.contrib.auth.models import AbstractUser, Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
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


def unknown_person() -> str:
    """The key of somebody whose identity card was not entered: nobody else's."""
    return f"unknown {secrets.token_hex(16)}"


class Staff(AbstractUser):
    """A sign-in of somebody who works at the agency.

    `person_key` is the same for all sign-ins of one human being: who may not hold two roles, or approve what
    they prepared, may not do so under a second name either.
    """

    first_name = None
    last_name = None
    display_name = models.CharField(pgettext_lazy("person", "name"), max_length=50)
    person_key = models.CharField(_("same person as"), max_length=64, editable=False, default=unknown_person)
    whole_city = models.BooleanField(_("works for the whole city"), default=False)
    counties = models.ManyToManyField(
        County,
        blank=True,
        related_name="+",
        verbose_name=_("counties"),
        help_text=_("Sees the people and facilities of these counties only."),
    )
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

    @property
    def sees_whole_city(self) -> bool:
        return self.whole_city or self.is_superuser

    @cached_property
    def county_numbers(self) -> frozenset[int]:
        """The numbers of the counties they work for, where that is not the whole city."""
        return frozenset(self.counties.values_list("pk", flat=True))

    def set_password(self, raw_password):
        super().set_password(raw_password)
        self.password_set_at = timezone.now()

    def get_full_name(self):
        return self.display_name

    def get_short_name(self):
        return self.display_name


class ExclusiveRoles(models.Model):
    """Two roles that one person may not hold, under whatever sign-ins; loaded from `groups.py`."""

    role = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "other"], name="exclusive_roles_once")]


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


class WorkStep(models.TextChoices):
    """The steps of the agency's month, and in their season of its year."""

    HEADCOUNT = "headcount", _("Headcount freeze")
    PREPAYMENT = "prepayment", _("Capitation prepayment")
    VISITS = "visits", _("Visit files of the facilities")
    RECONCILIATION = "reconciliation", _("Reconciliation")
    STATEMENTS = "statements", _("Statements")
    ADJUSTMENT = "adjustment", _("Adjustment of credits after late news")
    CLEARING = "clearing", _("Monthly clearing")
    ORDERS = "orders", _("Payment orders")
    CLOSE = "close", _("Month close")
    BANK = "bank", _("Bank files and returns")
    CREDIT = "credit", _("Personal account credits")
    YEAR_END = "year_end", _("Year-end clearing")
    INTEREST = "interest", _("Yearly interest of personal accounts")
    CARRY_OVER = "carry_over", _("Carry-over of selections")


class DueDay(models.Model):
    """By which day of its month a step of the work is done; the 31st stands for the month's last day."""

    step = models.CharField(pgettext_lazy("work", "step"), max_length=20, choices=WorkStep, unique=True)
    day = models.PositiveSmallIntegerField(
        pgettext_lazy("work", "due by day"), validators=[MinValueValidator(1), MaxValueValidator(31)]
    )

    class Meta:
        verbose_name = _("due day")
        verbose_name_plural = _("due days")
        ordering = ["day", "id"]
        default_permissions = ("change", "view")
        constraints = [
            models.CheckConstraint(condition=models.Q(day__range=(1, 31)), name="due_day_of_a_month"),
        ]

    def __str__(self):
        return self.get_step_display()
