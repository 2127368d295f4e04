"""An apt scan, from the command to its JSON, beside `apt list --upgradable`; both with a warm binary cache."""
import json
import os
import subprocess
import tempfile
from pathlib import Path

import lib

GOAL_WARM = 0.10
GOAL_UNCHANGED = 0.05
GOAL_PEAK_MB = 60
INPUTS = ("/var/lib/dpkg/status", "/var/lib/apt/lists", "/var/lib/apt/extended_states", "/etc/apt/sources.list.d")


def apt_list(cache):
    # Container images switch apt's cache off in their settings; options on the command line come last.
    return ["apt", "-qq", "list", "--upgradable", "-o", f"Dir::Cache::pkgcache={cache}/pkgcache.bin",
            "-o", f"Dir::Cache::srcpkgcache={cache}/srcpkgcache.bin"]


def scan(folder, purpose):
    return [lib.program("redflag-agent"), "--config", f"{folder}/agent.yaml", "--state", f"{folder}/state", "scan", "apt",
            "--format", "json", "--purpose", purpose]


def updates(command):
    """How many updates a scan's JSON names, and whether it answered from what it kept."""
    (result,) = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)["scans"]
    assert result["status"] == "ok", result["reports"]
    kept = any(report["code"] == "inputs.unchanged" for report in result["reports"])
    return sum(record["record"] == "update/1" for record in result["records"]), kept


def prepare(folder):
    """A cache, a state and a configuration of our own: nothing that this machine's agent uses is touched."""
    for name in ("cache", "peer", "state"):
        Path(folder, name).mkdir(mode=0o700)
    Path(folder, "agent.yaml").write_text(f'version: 1\nplugins:\n  apt: {{settings: {{cache_dir: "{folder}/cache"}}}}\n')


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
        prepare(folder)
        # To verify an installation a scan never answers from what it kept: everything is looked at again.
        warm, unchanged, peer = scan(folder, "verify"), scan(folder, "updates"), apt_list(f"{folder}/peer")
        lines = len(subprocess.run(peer, capture_output=True, check=True, text=True).stdout.splitlines())
        updates(unchanged)
        assert updates(warm) == (lines, False) and updates(unchanged) == (lines, True), "not the same updates"
        caches = [Path(folder, who, "pkgcache.bin") for who in ("cache/installed", "peer")]

        def stamp():
            return [os.stat(path).st_mtime_ns for path in (*INPUTS, *caches) if os.path.exists(path)]

        warm_s, unchanged_s, peer_s = lib.alternate([warm, unchanged, peer], stamp)
        beside = {"apt list --upgradable": [1000 * s for s in peer_s]}
        lib.state(f"apt scan, warm cache, {lines} updates", [1000 * s for s in warm_s], "ms", GOAL_WARM, beside, ratio=True)
        lib.state("apt scan, inputs unchanged", [1000 * s for s in unchanged_s], "ms", GOAL_UNCHANGED, beside, ratio=True)
        lib.state("apt scan, most memory", lib.peaks_mb(folder, "apt", "verify"), "MB", GOAL_PEAK_MB)


main()
