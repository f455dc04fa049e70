from office.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Previews a file of facility selections 选点, and applies it with --apply."
    layout = "selections"
