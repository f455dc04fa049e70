from office.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Previews a file of assessment points 考核得分, and applies it with --apply --as USER."
    layout = "assessments"
