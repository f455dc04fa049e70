"""The pages of settlement. The panels they add to a facility's page stand in the order of these imports."""

from settlement.admin import headcounts  # isort: skip
from settlement.admin import capitation  # isort: skip
from settlement.admin import year_ends  # isort: skip

__all__ = ["capitation", "headcounts", "year_ends"]
