from office.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Previews a file of enrolments 参保登记, and applies it with --apply."
    layout = "enrolments"
