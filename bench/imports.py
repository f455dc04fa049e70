"""Imports of 100 000 people's enrolments and of their selections, against their floor and against a peer.

Run: `python -m bench.imports [people] [residents on record]`, or `python -m bench.imports million` for
one file of a million enrolments as .csv. The floor reads the file (calamine, or Python's csv) and COPYs its
cells into a bare table. Ours is the whole way: upload, reading apart, sealing, staging, checks and preview,
applying with its history, commit. The peer is django-import-export's own path, as its admin page takes it:
openpyxl, a dry run, then the import, of a sample.
"""

import csv
import os
import resource
import sys
from pathlib import Path
from statistics import median

from bench._city import city, owner, timed

SAMPLE = 1_000
BARE = "copy bare from stdin"
YEAR = 2024


def main(people: int = 100_000, residents: int = 0) -> None:
    with city(people=residents):
        folder = Path(os.environ["DATA_DIR"])
        _facilities(folder)
        figures: dict[str, list[dict[str, float]]] = {"enrolments": [], "selections": []}
        for seed in (1, 2, 3):
            for name, found in figures.items():
                file = folder / f"{name}{seed}.xlsx"
                rows = WRITERS[name](file, people=people, seed=seed)
                found.append(_measured(name, file, rows=rows, floor=_floor))
        print(f"{residents} people on record before, medians of 3")
        for name, found in figures.items():
            _told(name, found)
        sample = folder / "sample.xlsx"
        count = _write(sample, people=SAMPLE, seed=4)
        with timed("peer", times := {}):
            _import_export(sample)
        enrolments = figures["enrolments"]
        scaled = times["peer"] * enrolments[0]["rows"] / count
        floor = median(times["floor"] for times in enrolments)
        print(f"  django-import-export   {scaled / floor:5.1f} × floor (a sample of {count} rows, scaled)")
        _peaks()


def million(people: int = 950_000) -> None:
    """One file of a million rows, which no sheet of Excel holds."""
    with city(people=0):
        file = Path(os.environ["DATA_DIR"]) / "million.csv"
        rows = _write_csv(file, people=people)
        _told("enrolments", [_measured("enrolments", file, rows=rows, floor=_floor_csv)])
        _peaks()


def _measured(name: str, file: Path, *, rows: int, floor) -> dict[str, float]:
    times: dict[str, float] = {}
    at_first = processor_seconds()
    with timed("floor", times):
        floor(file)
    after_floor = processor_seconds()
    _import(file, times, layout=name)
    times["floor's processor"] = after_floor - at_first
    times["ours"] = processor_seconds() - after_floor
    print(name, "  ".join(f"{label} {seconds:.2f} s" for label, seconds in times.items()), flush=True)
    return times | {"rows": rows}


def processor_seconds() -> float:
    """Spent by this process, its readers and its database server, whatever else the machine does."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        server = process_stat(cursor.fetchone()[0])["parent"]
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    living = [process_stat(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()]
    ticks = sum(process["own"] for process in living if process["parent"] == server)
    ticks += process_stat(server)["own"] + process_stat(server)["reaped"]
    return sum(one.ru_utime + one.ru_stime for one in used) + ticks / os.sysconf("SC_CLK_TCK")


def process_stat(pid: int) -> dict[str, int]:
    """Of a process: its parent, and the ticks it and the children it has reaped have used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return {"parent": 0, "own": 0, "reaped": 0}
    user, system, reaped_user, reaped_system = map(int, fields[11:15])
    return {"parent": int(fields[1]), "own": user + system, "reaped": reaped_user + reaped_system}


def _told(name: str, found: list[dict[str, float]]) -> None:
    floor = median(times["floor"] for times in found)
    both = median(times["check"] + times["apply"] for times in found)
    rows = median(times["rows"] for times in found)
    print(f"{name}: {rows:.0f} rows, floor {floor:.2f} s = 1.00")
    print(f"  check and apply        {both / floor:5.2f} × floor, {rows / both:,.0f} rows/s")
    spent = median(times["ours"] / times["floor's processor"] for times in found)
    print(f"  processor time         {spent:5.2f} × the floor's")
    ratios = ", ".join(f"{(times['check'] + times['apply']) / times['floor']:.1f}" for times in found)
    print(f"  each                   {ratios}")


def _peaks() -> None:
    here, reader = _peak(resource.RUSAGE_SELF), _peak(resource.RUSAGE_CHILDREN)
    print(f"  peak memory            {here} MB here, {reader} MB in the reader")


def _peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss // 1024


def _counties():
    from insured.demo import Place
    from office.models import County

    return [Place(code=county.code, name=county.name) for county in County.objects.all()]


def _write(file: Path, *, people: int, seed: int) -> int:
    from insured.demo import enrolments, write_workbook
    from insured.enrolments import ENROLMENTS

    rows = enrolments(people=people, seed=seed, counties=_counties())
    return write_workbook(file, layout=ENROLMENTS, rows=rows)


def _write_selections(file: Path, *, people: int, seed: int) -> int:
    """What the people of the enrolments of this seed chose."""
    from insured.demo import enrolments, facilities, selections, write_workbook
    from insured.selections import SELECTIONS
    from policies.month import Month

    rows = selections(
        enrolments=list(enrolments(people=people, seed=seed, counties=_counties())),
        facilities=facilities(seed=1, counties=_counties()),
        seed=seed,
        first=Month(YEAR, 1),
        last_year=YEAR,
        levels=("primary", "secondary"),
    )
    return write_workbook(file, layout=SELECTIONS, rows=rows)


WRITERS = {"enrolments": _write, "selections": _write_selections}


def _write_csv(file: Path, *, people: int) -> int:
    from insured.demo import enrolments
    from insured.enrolments import ENROLMENTS

    headers = [column.header for column in ENROLMENTS.columns]
    with open(file, "w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, headers, restval="")
        writer.writeheader()
        count = 0
        for row in enrolments(people=people, seed=1, counties=_counties()):
            writer.writerow(row)
            count += 1
    return count


def _facilities(folder: Path) -> None:
    from insured.demo import agreements, facilities, write_workbook
    from office.layouts import layout

    places = facilities(seed=1, counties=_counties())
    for name, rows in {
        "facilities": places,
        "agreements": agreements(facilities=places, years=range(YEAR, YEAR + 1)),
    }.items():
        file = folder / f"{name}.xlsx"
        write_workbook(file, layout=layout(name), rows=rows)
        _import(file, {}, layout=name)


def _floor(file: Path) -> None:
    from python_calamine import load_workbook

    _copied(iter(load_workbook(str(file)).get_sheet_by_index(0).iter_rows()))


def _floor_csv(file: Path) -> None:
    with open(file, encoding="utf-8", newline="") as source:
        _copied(csv.reader(source))


def _copied(sheet) -> None:
    columns = ", ".join(f"c{place} text" for place in range(len(next(sheet))))
    with owner() as connection:
        connection.execute(f"create unlogged table bare ({columns})")
        with connection.cursor().copy(BARE) as copy:
            for row in sheet:
                copy.write_row(row)
        connection.execute("drop table bare")


def _import(file: Path, times: dict[str, float], *, layout: str = "enrolments") -> None:
    from office import imports
    from office.models import Origin

    with timed("check", times), open(file, "rb") as content:
        uploaded = imports.upload(
            layout=layout, name=file.name, content=content, by=None, origin=Origin.COMMAND_LINE
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
    if sys.argv[1:2] == ["million"]:
        million(*map(int, sys.argv[2:]))
    else:
        main(*map(int, sys.argv[1:]))
