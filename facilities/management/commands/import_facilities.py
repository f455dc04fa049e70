from office.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Previews a file of designated facilities 定点机构, and applies it with --apply."
    layout = "facilities"
