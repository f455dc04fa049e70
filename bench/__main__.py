"""`make bench`: every figure as a ratio to a floor or a peer of the same run. ARGS names some only."""

import subprocess
import sys
from pathlib import Path

BENCHES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
# Looks for changes to the rules that no test notices; it takes an hour and measures no speed.
BENCHES.remove("mutate")

for name in sys.argv[1:] or BENCHES:
    print(f"== {name}", flush=True)
    subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)
