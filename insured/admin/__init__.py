"""What a clerk sees of insured people. The panels of a person's page stand in the order of these imports."""

from insured.admin.people import OfPersonAdmin, PersonAdmin  # isort: skip
from insured.admin import choices, entitlements  # isort: skip
from insured.admin.person_page import CONSEQUENCES, changes

PersonAdmin.panels.append(changes)

__all__ = ["CONSEQUENCES", "OfPersonAdmin", "PersonAdmin", "choices", "entitlements"]
