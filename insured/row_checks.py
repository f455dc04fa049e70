"""Checks that files about people share: whom a row is about, and which facility may be chosen in it."""

from django.utils.translation import gettext_noop

from office.layouts import Check

# Of `facts` with the number of `people` who have the row's document.
ABOUT_SOMEBODY = (
    Check(
        name="unknown_person",
        column="document_number",
        when="document_index is not null and people = 0",
        message=gettext_noop("nobody with the document “%(cell)s” is on record"),
    ),
    Check(
        name="several_people",
        column="document_number",
        when="people > 1",
        message=gettext_noop("several people have the document number “%(cell)s”"),
    ),
)


def suitable_facility(*, month: str) -> tuple[Check, ...]:
    """Whether the rules let the row's facility be chosen from the month in the named column on."""
    return (
        Check(
            name="unknown_facility",
            column="facility_code",
            when="facility_code is not null and facility_id is null",
            message=gettext_noop("there is no facility with the code “%(cell)s”"),
        ),
        Check(
            name="facility_closed",
            column="facility_code",
            when=f"facility_closed_on <= {month}",
            message=gettext_noop("the facility is closed from %(value)s on"),
            value="facility_closed_on",
        ),
        Check(
            name="no_agreement",
            column="facility_code",
            when=f"facility_id is not null and {month} is not null and not has_agreement"
            f" and facility_closed_on <= {month} is not true",
            message=gettext_noop(
                "the facility has no outpatient agreement in that month (article %(value)s)"
            ),
            value="articles->>'agreement'",
        ),
        Check(
            name="outside_the_city",
            column="facility_code",
            when="facility_id is not null and not may_lie_there",
            message=gettext_noop(
                "“%(cell)s” lies outside the city: one in the city has to be chosen (article %(value)s)"
            ),
            value="articles->>'place'",
        ),
        Check(
            name="level_not_chosen",
            column="facility_code",
            when="facility_id is not null and not may_be_of_level",
            message=gettext_noop("“%(cell)s” is of a level that cannot be chosen (article %(value)s)"),
            value="articles->>'place'",
        ),
    )
