"""What stopped a background step, in the words of the people who see it on the run's page."""

from django.db import InterfaceError, InternalError, OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.refusal import RunRefused

# By the name of the constraint, or the one a trigger gives, that held.
CONSTRAINTS = {
    "account_person_not_negative": gettext_lazy("A personal account would fall below zero."),
    "transfer_credited_once": gettext_lazy("Somebody is credited for this month already."),
    "transfer_reversed_once": gettext_lazy("One of the transfers is reversed already."),
    "books_closed": gettext_lazy("The books of the month are closed."),
    "chunk_of_posting_run": gettext_lazy("The run is no longer being posted."),
}


def passes_by_itself(error: Exception) -> bool:
    """Whether the same step may well succeed later: the database or the connection was gone, or was busy."""
    return isinstance(error, OperationalError | InterfaceError | InternalError)


def in_words(error: Exception) -> str:
    """The error without personal data; what is not foreseen is named by its kind and stands in the log."""
    if isinstance(error, RunRefused):
        return str(error)
    held = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    if held in CONSTRAINTS:
        return str(CONSTRAINTS[held])
    return _("Something unforeseen (%(kind)s); the system administrator finds it in the worker's log.") % {
        "kind": held or type(error).__name__
    }
