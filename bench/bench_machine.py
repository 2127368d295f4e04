"""Scans of the machine itself: of 20 mounted file systems, its own and tmpfs, and of the system; from the spawn of the sealed process to its end. Beside them a run of a plugin that does nothing, and the whole command with its JSON."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import lib

GOAL_STORAGE_MS = 5
GOAL_SYSTEM_MS = 10
GOAL_PEAK_MB = 20
MOUNTS = 20
ROUNDS = 50


def scan(folder, plugin):
    (run,) = lib.host_runs(folder, plugin, "scan")
    assert run["complete"], run
    return run


def mount(folder):
    """As many as lack; they are seen by this process only, which has mounts of its own."""
    for number in range(scan(folder, "storage")["scopes"], MOUNTS):
        point = Path(folder, f"volume{number}")
        point.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", f"volume{number}", str(point)], check=True)
    return scan(folder, "storage")["scopes"]


def nothing():
    done = subprocess.run([lib.BUILD / "bench/redflag-bench-runs", lib.BUILD / "bench_plugins", "0", "1"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def command(folder, plugin):
    return [lib.program("redflag-agent"), "--config", f"{folder}/agent.yaml", "--state", f"{folder}/state", "scan", plugin,
            "--format", "json"]


def measure(folder, name, plugin, goal):
    ours, empty, whole = [], [], []
    for _ in range(ROUNDS):  # in turn, so that a drift of the machine meets all of them
        ours.append(scan(folder, plugin)["ms"])
        empty.append(nothing())
        whole.append(1000 * lib.seconds(command(folder, plugin)))
    lib.state(name, ours, "ms", goal, {"a run with nothing to do": empty, "from the command to its JSON": whole})
    lib.state(f"{plugin} scan, most memory", lib.peaks_mb(folder, plugin, "scan"), "MB", GOAL_PEAK_MB)


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
        Path(folder, "state").mkdir(mode=0o700)
        Path(folder, "agent.yaml").write_text("version: 1\nplugins:\n  storage: {}\n  system: {}\n")
        try:
            measure(folder, f"storage scan, {mount(folder)} mounts", "storage", GOAL_STORAGE_MS)
            measure(folder, "system scan", "system", GOAL_SYSTEM_MS)
        finally:
            for point in Path(folder).glob("volume*"):
                subprocess.run(["umount", str(point)], check=True)


if os.geteuid() != 0:
    raise SystemExit("only root mounts file systems")
if "--with-mounts-of-its-own" not in sys.argv:
    os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv, "--with-mounts-of-its-own"])
main()
