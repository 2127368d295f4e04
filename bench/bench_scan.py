"""An apt scan, from the command to its JSON, beside `apt list --upgradable`; both with a warm binary cache."""
import json
import subprocess
import tempfile
from pathlib import Path

import lib

GOAL_WARM = 0.15
GOAL_UNCHANGED = 0.08


def apt_list(cache):
    # Container images switch apt's cache off in their settings; options on the command line come last.
    return ["apt", "-qq", "list", "--upgradable", "-o", f"Dir::Cache::pkgcache={cache}/pkgcache.bin",
            "-o", f"Dir::Cache::srcpkgcache={cache}/srcpkgcache.bin"]


def scan(state, purpose):
    return [lib.program("redflag-agent"), "--state", state, "scan", "apt", "--format", "json", "--purpose", purpose]


def updates(command):
    """How many updates a scan's JSON names; its one run must have succeeded."""
    (result,) = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)["scans"]
    assert result["status"] == "ok", result["reports"]
    return sum(record["record"] == "update/1" for record in result["records"])


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
        state = str(Path(folder) / "state")
        Path(state).mkdir(mode=0o700)
        # To verify an installation a scan never answers from what it kept: everything is looked at again.
        warm, unchanged, peer = scan(state, "verify"), scan(state, "updates"), apt_list(folder)
        lines = subprocess.run(peer, capture_output=True, check=True, text=True).stdout.splitlines()
        assert updates(warm) == updates(unchanged) == len(lines), "the two do not name the same number of updates"
        warm_s, unchanged_s, peer_s = lib.alternate([warm, unchanged, peer])
        lib.state("apt scan, warm cache", warm_s * 1000, "ms", GOAL_WARM, "apt list --upgradable", peer_s * 1000, "ratio")
        lib.state("apt scan, inputs unchanged", unchanged_s * 1000, "ms", GOAL_UNCHANGED, "apt list --upgradable",
                  peer_s * 1000, "ratio")


main()
