from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from insured import demo_city
from monitoring import demo_year


class Command(BaseCommand):
    help = (
        "Fills an empty city with made-up people and facilities, makes one sign-in a role, and lives through"
        " the last months of work. Demo only."
    )

    def add_arguments(self, parser):
        parser.add_argument("--people", type=int, default=20_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--months", type=int, default=13, help="of work before this month; 0 for none")

    def handle(self, *, people, seed, months, **options):
        if not settings.DEMO:
            raise CommandError("This is no demo (DEMO is off): made-up people stay out.")
        files = demo_city.load(people=people, seed=seed)
        for file in files:
            self.stdout.write(f"{file.name}: {file.counts['rows']} rows, {file.counts['rejected']} rejected")
        if not files:
            self.stdout.write("There are people here already; nothing was done.")
        elif months:
            demo_year.live(people=people, seed=seed, today=timezone.localdate(), months=months)
