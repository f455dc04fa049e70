from pathlib import Path

from office.command_line import chosen_scheme
from office.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Records what each facility's people used in a year: a file with 机构代码 and 实际发生."
    layout = "usage"

    def add_arguments(self, parser):
        parser.add_argument("--year", type=int, required=True, choices=range(2000, 2101), metavar="YYYY")
        parser.add_argument("--input", type=Path, required=True, metavar="FILE")
        parser.add_argument("--scheme", help="310 or 390")
        parser.add_argument("--preview", action="store_true", help="Only preview.")
        self.add_output_arguments(parser)

    def handle(self, *, input, year, scheme, preview, user, json, **options):
        parameters = {"year": year, "scheme": chosen_scheme(scheme)}
        self.run(input, apply=not preview, user=user, as_json=json, parameters=parameters)
