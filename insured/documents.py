"""Identity documents as people see them."""


def masked(number: str) -> str:
    """The number with everything between its first four and last four characters hidden."""
    return (
        number[:4] + "*" * (len(number) - 8) + number[-4:]
        if len(number) > 8
        else number[:1] + "*" * (len(number) - 1)
    )
