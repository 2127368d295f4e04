"""What every benchmark shares: repeated timing of whole commands, memory of a process tree, one way to state a result."""
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("REDFLAG_BUILD", REPOSITORY / "build/release"))


def program(name):
    return str(BUILD / "bin" / name)


def alternate(commands, runs=15, env=None):
    """Times the commands in turn, so that a drift of the machine meets all of them; the median seconds of each."""
    seconds = [[] for _ in commands]
    for _ in range(runs):
        for index, command in enumerate(commands):
            begin = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, env=env)
            seconds[index].append(time.perf_counter() - begin)
    return [statistics.median(s) for s in seconds]


def pss_kib(pid):
    """Proportional memory of one process, KiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError(f"no Pss of {pid}")


def rss_kib(pid):
    """Resident memory of one process, KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"no VmRSS of {pid}")


def install(*packages):
    """Peers are installed by the bench, without starting their services."""
    missing = [p for p in packages if subprocess.run(["dpkg", "-s", p], capture_output=True).returncode != 0]
    if not missing:
        return
    policy = Path("/usr/sbin/policy-rc.d")
    made = not policy.exists()
    if made:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        subprocess.run(["apt-get", "install", "-qy", "--no-install-recommends", *missing], check=True, env=env,
                       stdout=subprocess.DEVNULL)
    finally:
        if made:
            policy.unlink()


def state(name, ours, unit, goal, peer=None, peer_value=None, relation="value"):
    """One figure as one JSON line. relation: "value" compares `ours` with the goal, "ratio" ours/peer_value."""
    figure = ours / peer_value if relation == "ratio" else ours
    print(json.dumps({"name": name, "ours": ours, "unit": unit, "goal": goal, "peer": peer, "peer_value": peer_value,
                      "relation": relation, "figure": figure}), flush=True)
