"""The pages of settlement. The panels they add to a facility's page stand in the order of these imports."""

from settlement.admin import headcounts  # isort: skip
from settlement.admin import capitation  # isort: skip
from settlement.admin import visits  # isort: skip
from settlement.admin import visit_batches  # isort: skip

__all__ = ["capitation", "headcounts", "visit_batches", "visits"]
