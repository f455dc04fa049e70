"""Finding one person among a million by name, document or person number, always through an index.

Document numbers are sealed: a whole number is found by its keyed index, its last four characters by theirs.
"""

import unicodedata

from django.db import connection
from django.db.models import Q, QuerySet

from insured.documents import TAIL, document_index, document_tail_index

# Nobody reads further; a longer list asks for a longer query.
MOST_FOUND = 200


def find_people(people: QuerySet, text: str) -> QuerySet:
    """People by their document's whole number or last four characters, by how their person number begins, or
    by what their name contains; none for an empty text."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return people.none()
    people = people.filter(merged_into=None)
    return people.filter(pk__in=list(_matching(people, text).values_list("pk", flat=True)[:MOST_FOUND]))


def _matching(people: QuerySet, text: str) -> QuerySet:
    if any(character.isdigit() for character in text):
        number = text.upper()
        by_person_number = people.filter(_begins("person_number", number)).values("pk")
        by_document = people.filter(document_index=document_index(number)).values("pk")
        # One index scan each; an `or` of them would read the whole table.
        if len(number) == TAIL:
            by_tail = people.filter(document_tail_index=document_tail_index(number)).values("pk")
            return by_tail.union(by_document, by_person_number)
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
