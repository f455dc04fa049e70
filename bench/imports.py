"""An import of 100 000 people's enrolments, against its floor and against a peer.

Run: `python -m bench.imports [people] [residents already on record]`. The floor reads the workbook with
calamine and COPYs its cells into a bare table. Ours is the whole way: upload, reading apart, staging, checks
and preview, the checks again, applying, commit. The peer is django-import-export's own path, as its admin
page takes it: openpyxl, a dry run, then the import, of a sample.
"""

import os
import resource
import sys
from pathlib import Path
from statistics import median

from bench._city import city, owner, timed

SAMPLE = 1_000
BARE = "copy bare from stdin"


def main(people: int = 100_000, residents: int = 0) -> None:
    with city(people=residents):
        folder = Path(os.environ["DATA_DIR"])
        figures: dict[str, list[float]] = {}
        for seed in (1, 2, 3):
            file = folder / f"{seed}.xlsx"
            rows = _write(file, people=people, seed=seed)
            times: dict[str, float] = {}
            with timed("floor", times):
                _floor(file)
            _import(file, times)
            for label, seconds in times.items():
                figures.setdefault(label, []).append(seconds)
            print("  ".join(f"{label} {seconds:.2f} s" for label, seconds in times.items()), flush=True)
        floor = median(figures["floor"])
        both = [check + apply for check, apply in zip(figures["check"], figures["apply"], strict=True)]
        print(f"{rows} rows, {residents} people on record, medians of 3, floor {floor:.2f} s = 1.00")
        print(
            f"  check and apply        {median(both) / floor:5.2f} × floor, {rows / median(both):,.0f} rows/s"
        )
        sample = folder / "sample.xlsx"
        count = _write(sample, people=SAMPLE, seed=4)
        with timed("peer", times):
            _import_export(sample)
        scaled = times["peer"] * rows / count
        print(f"  django-import-export   {scaled / floor:5.1f} × floor (a sample of {count} rows, scaled)")
        here, reader = _peak(resource.RUSAGE_SELF), _peak(resource.RUSAGE_CHILDREN)
        print(f"  peak memory            {here} MB here, {reader} MB in the reader")


def _peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss // 1024


def _write(file: Path, *, people: int, seed: int) -> int:
    from insured.demo import Place, enrolments, write_workbook
    from insured.enrolments import ENROLMENTS
    from office.models import County

    counties = [Place(code=county.code, name=county.name) for county in County.objects.all()]
    return write_workbook(
        file, layout=ENROLMENTS, rows=enrolments(people=people, seed=seed, counties=counties)
    )


def _floor(file: Path) -> None:
    from python_calamine import load_workbook

    sheet = iter(load_workbook(str(file)).get_sheet_by_index(0).iter_rows())
    columns = ", ".join(f"c{place} text" for place in range(len(next(sheet))))
    with owner() as connection:
        connection.execute(f"create unlogged table bare ({columns})")
        with connection.cursor().copy(BARE) as copy:
            for row in sheet:
                copy.write_row(row)
        connection.execute("drop table bare")


def _import(file: Path, times: dict[str, float]) -> None:
    from office import imports
    from office.models import Origin

    with timed("check", times), open(file, "rb") as content:
        uploaded = imports.upload(
            layout="enrolments", name=file.name, content=content, by=None, origin=Origin.COMMAND_LINE
        )
        checked = imports.check(uploaded)
    assert checked.counts["rejected"] < checked.counts["rows"] / 100, checked.counts
    with timed("apply", times):
        imports.apply(checked, by=None)


def _import_export(file: Path) -> None:
    from import_export import fields, resources, widgets
    from import_export.formats.base_formats import XLSX

    from insured.documents import document_index
    from insured.enrolments import STATUSES
    from insured.models import Employer, Enrolment, Person
    from office.models import County

    class OfDocument(widgets.ForeignKeyWidget):
        def clean(self, value, row=None, **kwargs):
            return Person.objects.get(document_type="01", document_index=document_index(value))

    statuses = {texts[-1]: value for value, texts in STATUSES.items()}

    class Enrolments(resources.ModelResource):
        person = fields.Field("person", "证件号码", OfDocument(Person))
        scheme = fields.Field("scheme", "险种")
        status = fields.Field("status", "参保身份")
        base = fields.Field("base", "月缴费基数", widgets.DecimalWidget())
        employer = fields.Field("employer", "单位代码", widgets.ForeignKeyWidget(Employer, "code"))
        county = fields.Field("county", "区县代码", widgets.ForeignKeyWidget(County, "code"))
        first_month = fields.Field("first_month", "生效年月", widgets.DateWidget("%Y-%m"))

        class Meta:
            model = Enrolment
            import_id_fields = ("person", "scheme", "first_month")
            fields = (*import_id_fields, "status", "base", "employer", "county")
            skip_unchanged = True

        def before_import_row(self, row, **kwargs):
            # Two spells of one person follow one another; here only the first is taken.
            row["参保身份"] = statuses[row["参保身份"]]
            number = row["证件号码"]
            if not Person.objects.filter(document_type="01", document_index=document_index(number)).exists():
                Person.of(number, name=row["姓名"]).save()
            if row["单位代码"]:
                Employer.objects.get_or_create(code=row["单位代码"], defaults={"name": row["单位名称"]})

        def skip_row(self, instance, original, row, import_validation_errors=None):
            spells = Enrolment.objects.filter(person=instance.person, scheme=instance.scheme)
            return spells.exists() or super().skip_row(instance, original, row, import_validation_errors)

        def after_import(self, dataset, result, **kwargs):
            """Leave out its resetting of sequences, which only their owner may do."""

    for dry_run in (True, False):
        dataset = XLSX().create_dataset(file.read_bytes())
        result = Enrolments().import_data(dataset, dry_run=dry_run, raise_errors=True, use_transactions=True)
        assert not result.has_errors()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
