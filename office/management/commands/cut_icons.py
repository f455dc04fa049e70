from django.core.management import BaseCommand

from office.icons import CUT, cut, icons_in_use


class Command(BaseCommand):
    help = (
        "Cut the icon font down to the icons in use: run it, and commit the font, when a new icon is named."
    )

    def handle(self, **options):
        unknown = cut(icons_in_use())
        self.stdout.write(
            f"{CUT.stat().st_size} bytes. Not in the font: {', '.join(sorted(unknown)) or 'none'}."
        )
