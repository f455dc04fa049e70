"""What the import commands share: preview a file, and with --apply carry it out."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from office import imports
from office.command_line import acting_staff
from office.models import ImportFile, ImportState, Origin, Outcome, Staff
from office.returned import noticed_rows, rejected_rows, write_returned_workbook
from office.staging import Refused

SHOWN = 20


class ImportCommand(BaseCommand):
    layout: str

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true", help="Apply the file; without it only preview.")
        self.add_output_arguments(parser)

    def add_output_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="Print the counts as JSON.")
        parser.add_argument("--as", dest="user", metavar="USER", help="Whose act this is.")

    def handle(self, *, file, apply, user, json, **options):
        self.run(file, apply=apply, user=user, as_json=json, parameters={})

    def run(self, file: Path, *, apply: bool, user: str | None, as_json: bool, parameters: dict) -> None:
        by = acting_staff(user) if user else None
        import_file = imports.check(uploaded(file, layout=self.layout, by=by, parameters=parameters))
        applied, error = False, import_file.error
        if import_file.repeats and not apply:
            error = str(imports.already_applied(import_file.repeats))
        if apply and not error:
            try:
                import_file = imports.apply(import_file, by=by)
                applied = True
            except Refused as refused:
                error = str(refused)
        returned, trouble = self.returned(import_file, beside=file)
        answer = {
            "file": str(file),
            "import": import_file.pk,
            "state": import_file.state,
            "applied": applied,
            **import_file.counts,
            "returned": returned,
            "error": error or trouble,
        }
        self.stdout.write(
            json.dumps(answer, ensure_ascii=False) if as_json else self.in_words(answer, import_file)
        )
        if import_file.state == ImportState.REFUSED or (error and not import_file.repeats):
            raise CommandError(error, returncode=1)

    def returned(self, import_file: ImportFile, *, beside: Path) -> tuple[str | None, str]:
        """Where the rejected rows were written, or why they could not be."""
        if not import_file.counts.get(Outcome.REJECTED):
            return None, ""
        target = beside.with_name(f"{beside.stem}-退回.xlsx")
        try:
            with open(target, "wb") as out:
                write_returned_workbook(import_file, out)
        except OSError as error:
            return None, f"The returned workbook could not be written: {error}"
        return str(target), ""

    def in_words(self, answer: dict, import_file: ImportFile) -> str:
        lines = [f"{name}: {answer[name]}" for name in ("rows", *Outcome.values) if name in answer]
        for row, _ in zip(rejected_rows(import_file), range(SHOWN), strict=False):
            lines += [f"  row {problem.row}, {problem}" for problem in row.problems]
        for row in noticed_rows(import_file, limit=SHOWN):
            lines += [f"  note: row {notice.row}, {notice}" for notice in row.notices]
        if answer["returned"]:
            lines.append(f"Rejected rows with their reasons: {answer['returned']}")
        if answer["applied"]:
            lines.append("Applied.")
        elif answer["error"]:
            lines.append(answer["error"])
        else:
            lines.append("Nothing was written; add --apply to apply.")
        return "\n".join(lines)


def uploaded(file: Path, *, layout: str, by: Staff | None, parameters: dict) -> ImportFile:
    try:
        with open(file, "rb") as content:
            return imports.upload(
                layout=layout,
                name=file.name,
                content=iter(lambda: content.read(1 << 20), b""),
                by=by,
                origin=Origin.COMMAND_LINE,
                parameters=parameters,
            )
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
    except Refused as refused:
        raise CommandError(str(refused)) from None
