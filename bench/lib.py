"""What every benchmark shares: paired timing of whole commands, memory of a process tree, one way to state a result."""
import json
import math
import os
import random
import socket
import statistics
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("REDFLAG_BUILD", REPOSITORY / "build/release"))


def program(name):
    return str(BUILD / "bin" / name)


def seconds(command):
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def host_runs(folder, plugin, operation, count=1, request=None):
    """Runs of a plugin without the agent around them, a dictionary each; agent.yaml and state are in the folder."""
    command = [str(BUILD / "bench/redflag-bench-host"), f"{folder}/agent.yaml", f"{folder}/state", plugin, operation, str(count),
               *filter(None, [request])]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in said.splitlines()]


def peaks_mb(folder, plugin, operation, rounds=5):
    """Most memory of a run's process, by a starter each: what a child counts as its most begins with what that one has."""
    return [run["peak_mb"] for _ in range(rounds) for run in host_runs(folder, plugin, operation)]


def alternate(commands, stamp, rounds=25):
    """Times the commands in turn, so that a drift of the machine meets all of them; a list of seconds for each.

    `stamp` describes what they read. A round in which that changed is thrown away: it was not the same work for all.
    """
    measured = []
    for _ in range(4 * rounds):
        before = stamp()
        times = [seconds(command) for command in commands]
        if stamp() == before:
            measured.append(times)
        if len(measured) == rounds:
            return [list(column) for column in zip(*measured)]
    raise RuntimeError("what is measured kept changing: is a package manager at work?")


def tree(pid):
    """The process and everything below it; what ends meanwhile may be missing."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = children.read_text().split()
        except OSError:
            continue
        for child in below:
            found += tree(int(child))
    return found


def program_of(pid):
    """The name of the program that a process runs; "" once it has ended and waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def until(holds, what, timeout_s=30):
    end = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} was waited for in vain")
        time.sleep(0.02)


def refuse_others(name, pid):
    """Another process of the same program would take over a part of what each page of it counts."""
    running = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
    others = [str(other) for other in running if other != pid and program_of(other) == name]
    if others:
        raise RuntimeError(f"{name} runs elsewhere on this machine (process {', '.join(others)}): stop it first")


def kib(file, field):
    for line in Path(file).read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise RuntimeError(f"no {field} in {file}")


def pss_mib(pid):
    """Proportional memory of a process and everything below it."""
    return sum(kib(f"/proc/{p}/smaps_rollup", "Pss") for p in tree(pid)) / 1024


def rss_mb(pid):
    """Resident memory of one process; megabytes, not MiB."""
    return kib(f"/proc/{pid}/status", "VmRSS") * 1024 / 1e6


def free_port():
    """One below those that the system hands out by itself: not every program takes these."""
    for port in random.sample(range(20000, 30000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


def spread(samples):
    """Median and the middle half of the samples; of fewer than four the extremes."""
    low, high = min(samples), max(samples)
    if len(samples) >= 4:
        low, _, high = statistics.quantiles(samples, n=4)
    return {"median": statistics.median(samples), "low": low, "high": high}


def state(name, ours, unit, goal, peers=None, ratio=False):
    """One figure as one JSON line. ours: samples; goal: None where the figure is to be known, not to be small;
    peers: a name and samples for each. With `ratio` what is compared with the goal is ours / the one peer, round by round;
    else it is ours."""
    peers = peers or {}
    for samples in (ours, *peers.values()):
        if not samples or not all(map(math.isfinite, samples)):
            raise RuntimeError(f"{name}: not measured: {samples}")
    figure = ours
    if ratio:
        (beside,) = peers.values()
        if min(beside) <= 0:
            raise RuntimeError(f"{name}: nothing was measured beside it")
        figure = [a / b for a, b in zip(ours, beside, strict=True)]
    print(json.dumps({"name": name, "unit": unit, "goal": goal, "ratio": ratio, "rounds": len(ours), "ours": spread(ours),
                      "figure": spread(figure), "peers": {peer: spread(samples) for peer, samples in peers.items()}}),
          flush=True)


def plot(title, x, lines):
    """One picture as one JSON line. lines: a name and its points [(x, y)…] for each; title says what y is, and its unit."""
    print(json.dumps({"plot": title, "x": x, "lines": lines}), flush=True)
