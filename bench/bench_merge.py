"""An update list of 3,500 rows into the server's store: new, unchanged, and with one row in a hundred changed; in SQLite's
file, and in a PostgreSQL on this machine, both with every commit on the disk."""
import json
import os
import subprocess
import tempfile
from pathlib import Path

import lib

POSTGRES = lib.REPOSITORY / "tests/support/postgres"


def merged(*database):
    program = lib.BUILD / "bench/redflag-bench-merge"
    return json.loads(subprocess.run([program, *database], cwd=lib.BUILD, stdout=subprocess.PIPE, check=True).stdout)


sqlite = merged()
with tempfile.TemporaryDirectory(prefix="redflag-bench-") as parent:
    Path(parent).chmod(0o755)
    folder = Path(parent) / "pg"
    subprocess.run([POSTGRES, "start", folder], check=True, env=dict(os.environ, FSYNC="on"))
    try:
        postgres = merged(f"postgresql:///postgres?user=postgres&host={folder}")
    finally:
        subprocess.run([POSTGRES, "stop", folder], check=True)

for engine, figures in (("SQLite", sqlite), ("PostgreSQL", postgres)):
    lib.state(f"a list of {figures['rows']} updates merged, new ({engine})", figures["new_ms"], "ms", 300)
    lib.state(f"the same list merged again, unchanged ({engine})", figures["unchanged_ms"], "ms", 30)
    lib.state(f"the same list with 1 % of it changed ({engine})", figures["one_percent_changed_ms"], "ms", 150)
