from django.core.management.base import BaseCommand, CommandError

from office.translations import catalogues, missing_from, problems_of


class Command(BaseCommand):
    help = "Fails when a text of the portal has no Chinese, or the compiled texts are not those written."
    requires_system_checks = ()

    def handle(self, **options):
        own, *borrowed = catalogues()
        problems = [f"{po}: {problem}" for po in (own, *borrowed) for problem in problems_of(po)]
        missing = missing_from(own)
        if missing is None:
            self.stdout.write("xgettext is not installed: whether the sources ask for more was not checked.")
        else:
            problems += [f"{own}: asked for by the sources, but not there: {text!r}" for text in missing]
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write("All texts have their Chinese.")
