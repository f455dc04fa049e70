"""Finding one person among a million by name, document or person number, always through an index.

Document numbers are sealed: a whole number is found by its keyed index, its last four characters by theirs.
"""

import unicodedata
from itertools import chain

from django.db import connection
from django.db.models import Q, QuerySet

from insured.documents import TAIL, document_index, document_tail_index

# Nobody reads further; a longer list asks for a longer query.
MOST_FOUND = 200
# So many first letters of a name are kept.
INITIALS = 6


def find_people(people: QuerySet, text: str) -> QuerySet:
    """People by their document's whole number or last four characters, by how their person number begins, by
    what their name contains, or by the first letters of it in pinyin; none for an empty text."""
    return people.filter(pk__in=_found(people, text))


def search_people(request, people: QuerySet, text: str) -> list[int]:
    """The numbers of the people found for a page, which says when there are more than it lists."""
    found = _found(people, text)
    request.found_most = MOST_FOUND if len(found) == MOST_FOUND else None
    return found


def _found(people: QuerySet, text: str) -> list[int]:
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return []
    people = people.filter(merged_into=None)
    found = chain(_numbered(people, text.upper()), _named(text))
    return list(dict.fromkeys(found))[:MOST_FOUND]


def _numbered(people: QuerySet, number: str) -> list[int]:
    """One index scan each; an `or` of them would read the whole table."""
    if not (number.isascii() and any(character.isdigit() for character in number)):
        return []
    conditions = [_begins("person_number", number), Q(document_index=document_index(number))]
    if len(number) == TAIL:
        conditions.append(Q(document_tail_index=document_tail_index(number)))
    first, *others = (people.filter(condition).values_list("pk", flat=True) for condition in conditions)
    return list(first.union(*others)[:MOST_FOUND])


def _begins(column: str, text: str) -> Q:
    """The range of all numbers that begin so: plain comparisons use the plain index."""
    after = text[:-1] + chr(ord(text[-1]) + 1)
    return Q(**{f"{column}__gte": text, f"{column}__lt": after})


def _named(text: str) -> list[int]:
    """Who is called so, of those the transaction may see (`insured_people_named`)."""
    initials = text.lower() if 1 < len(text) <= INITIALS and text.isascii() and text.isalnum() else ""
    with connection.cursor() as cursor:
        cursor.execute("select insured_people_named(%s, %s, %s)", [text, initials, MOST_FOUND])
        return [number for (number,) in cursor.fetchall()]
