"""Nobody is insured in two schemes in the same month."""

import django.contrib.postgres.constraints
from django.db import migrations, models

# Said before the constraint would say it, of one row alone.
NAME_WHO_IS = """
do $$
declare
    many bigint;
    one bigint;
begin
    select count(*), min(spell.person_id) into many, one
    from insured_enrolment spell
    join insured_enrolment other on other.person_id = spell.person_id and other.id > spell.id
        and daterange(other.first_month, other.last_month, '[]') && daterange(spell.first_month, spell.last_month, '[]');
    if many > 0 then
        raise exception '% pairs of spells are in both schemes in the same month, the first of person %:'
            ' end one of each, then migrate again', many, one;
    end if;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("insured", "0008_person_changes")]

    operations = [
        migrations.RunSQL(NAME_WHO_IS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("person", "="),
                    (
                        models.Func("first_month", "last_month", models.Value("[]"), function="daterange"),
                        "&&",
                    ),
                ],
                name="enrolment_no_overlap",
                violation_error_message="The person is insured in these months already, in this scheme or the"
                " other; end that spell first.",
            ),
        ),
        migrations.RemoveConstraint(model_name="enrolment", name="enrolment_no_overlap_310"),
        migrations.RemoveConstraint(model_name="enrolment", name="enrolment_no_overlap_390"),
    ]
