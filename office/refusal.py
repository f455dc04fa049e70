"""How an act that cannot be done is refused: an exception whose text is for the person who asked."""


class RunRefused(Exception):
    """What was asked of a run cannot be done; the text says why."""


class PeriodRefused(Exception):
    """A month cannot be closed or opened again; the text says why."""
