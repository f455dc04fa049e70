"""Finding one person among a million by name, document or person number, always through an index."""

import unicodedata

from django.db import connection
from django.db.models import Q, QuerySet

# Nobody reads further; a longer list asks for a longer query.
MOST_FOUND = 200


def find_people(people: QuerySet, text: str) -> QuerySet:
    """The people whose number begins with the text, or whose name contains it; none for an empty text."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return people.none()
    return people.filter(pk__in=list(_matching(people, text).values_list("pk", flat=True)[:MOST_FOUND]))


def _matching(people: QuerySet, text: str) -> QuerySet:
    if any(character.isdigit() for character in text):
        number = text.upper()
        by_person_number = people.filter(_begins("person_number", number)).values("pk")
        by_document = people.filter(_begins("document_number", number)).values("pk")
        # Two index scans; an `or` of both would read the whole table.
        return by_document.union(by_person_number)
    return people.filter(pk__in=_named(text))


def _begins(column: str, text: str) -> Q:
    """The range of all numbers that begin so: plain comparisons use the plain index."""
    after = text[:-1] + chr(ord(text[-1]) + 1)
    return Q(**{f"{column}__gte": text, f"{column}__lt": after})


def _named(text: str) -> list[int]:
    """Who has the text in the name, of those the transaction may see (`insured_people_named`)."""
    with connection.cursor() as cursor:
        cursor.execute("select insured_people_named(%s, %s)", [text, MOST_FOUND])
        return [number for (number,) in cursor.fetchall()]
