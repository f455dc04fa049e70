from office.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Previews a file of service agreements 服务协议, and applies it with --apply."
    layout = "agreements"
