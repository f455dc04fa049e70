from office.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Previews a file of endings 死亡/终止, and applies it with --apply."
    layout = "endings"
