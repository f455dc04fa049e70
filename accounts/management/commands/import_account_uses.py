from office.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Previews a file of credits at once 个账一次性计入, and applies it with --apply."
    layout = "account_uses"
