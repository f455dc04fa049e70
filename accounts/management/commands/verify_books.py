import json
import sys

from django.core.management.base import BaseCommand

from accounts.verify import verify_books


class Command(BaseCommand):
    help = "Prove the ledger, computing it again. Exit status 1 if anything is wrong."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *, json: bool, **options):
        findings = []
        for finding in verify_books():
            findings.append(finding)
            if not json:
                state = "WRONG" if finding.wrong else "ok   "
                self.stdout.write(f"{state}  {finding.check} ({finding.seconds:.1f} s)")
                if finding.wrong:
                    self.stdout.write(f"       {finding.wrong}")
        if json:
            self.stdout.write(_as_json(findings))
        if any(finding.wrong for finding in findings):
            sys.exit(1)


def _as_json(findings) -> str:
    return json.dumps([finding.__dict__ for finding in findings], ensure_ascii=False)
