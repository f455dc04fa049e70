"""``python -m policies PACK --input visits.jsonl --output results.jsonl [--parameters parameters.yaml]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from policies.pack import available_packs
from policies.trial import adjudicate_file


def main(arguments: list[str] | None = None) -> int:
    """Run a trial from the command line: 0, or 1 with a message when a file cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m policies", description="Settle a file of visits.")
    parser.add_argument("pack", help=f"a pack's path, or one of {', '.join(available_packs())}")
    parser.add_argument("--input", type=Path, required=True, help="visits, one JSON object per line")
    parser.add_argument("--output", type=Path, required=True, help="results, one JSON object per line")
    parser.add_argument("--parameters", type=Path, help="figures the document leaves out, YAML")
    given = parser.parse_args(arguments)
    try:
        adjudicate_file(pack=given.pack, source=given.input, target=given.output, parameters=given.parameters)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
