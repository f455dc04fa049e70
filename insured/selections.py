"""The file of facility selections 选点."""

from insured.models import Slot

# Which choice a village station is: a pack with one slot gives it the only one.
STATION_SLOT = Slot.PRIMARY.value
