from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from policies.pack import available_packs
from policies.trial import adjudicate_file


class Command(BaseCommand):
    help = "Settle a file of visits, JSON lines, by a pack of rules; no stored data is read or written."
    # It works from files alone: no settings, no database.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("pack", help=f"a pack's path, or one of {', '.join(available_packs())}")
        parser.add_argument("--input", type=Path, required=True, help="visits, one JSON object per line")
        parser.add_argument("--output", type=Path, required=True, help="results, one JSON object per line")
        parser.add_argument("--parameters", type=Path, help="figures the document leaves out, YAML")

    def handle(self, *, pack, input, output, parameters, **options):
        try:
            adjudicate_file(pack=pack, source=input, target=output, parameters=parameters)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from None
