"""What a server costs as a fleet grows: `redflag-swarm` against a server of its own, both on this machine's processors. Once all
agents are there nothing is done for a minute (their scans go on: each two hours); then one order for all at once; then all
connections end at the same moment, and all agents come back as agents do; then the server is ended and started again. In a run
of its own one request approves an update of each machine. Nothing may be lost or there twice at any size, and no request may
fail at the server. While all come at once it may put some off: they come again when it said, and that time counts."""
import json
import os
import re
import resource
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import lib

SIZES = [int(size) for size in os.environ.get("REDFLAG_SCALE", "100 1000 3000 10000").split()]
STEADY_S = 60
COUNTED_S = 45  # of them, well before their end: what comes after them writes more
ARRIVALS_PER_S = 100
# Codes of problems that are the server's own, 5xx; and no answer within the time in which an agent gives up.
UNANSWERED = ("internal", "server.", "store.", "status.5", "connection.timeout", "doorbell.timeout")
FAILED = "requests that the server could not answer"
POSTGRES = lib.REPOSITORY / "tests/support/postgres"


def transactions(state):
    """Written by the server since its start."""
    url = Path(state, "server.url").read_text().strip()
    asked = urllib.request.Request(f"{url}/metrics", headers={
        "authorization": "Bearer " + Path(state, "keys/metrics.token").read_text().strip()})
    with urllib.request.urlopen(asked, context=ssl.create_default_context(cafile=f"{state}/ca.pem"), timeout=60) as answer:
        text = answer.read().decode()
    found = re.findall(r'^redflag_store_transaction_duration_seconds_count\{kind="write"[^}]*\} (\d+)', text, re.M)
    if not found:
        raise RuntimeError("the server counts no transactions")
    return sum(map(int, found))


def written_a_minute(state):
    before, began = transactions(state), time.monotonic()
    time.sleep(COUNTED_S)
    return (transactions(state) - before) * 60 / (time.monotonic() - began)


def swarm(folder, agents, database, *more, when=None):
    """The report of a sound run; `when` says what is done once a moment begins."""
    ramp = max(2, agents / ARRIVALS_PER_S)
    command = [lib.program("redflag-swarm"), "--server-state", f"{folder}/server", "--agents", str(agents), "--ramp", str(ramp),
               "--duration", str(ramp), "--every", "7200", "--order-every", "0", "--inventories", "0.02", *more, "--settle", "600",
               "--seed", "1", "--format", "json"]
    if database:
        command += ["--database", database]
    told = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            for line in running.stderr:
                told.append(line)
                if when and line.startswith("moment: "):
                    when(line.removeprefix("moment: ").strip())
            report = json.loads(running.stdout.read() or "null")
        except BaseException:
            running.kill()  # and with it its server
            raise
    if running.returncode != 0 or report is None:
        raise RuntimeError(f"{agents} agents: {''.join(told[-5:])}{report}")
    assert report["lost"] == report["duplicate"] == 0, report
    return report


def run(folder, agents, database):
    """The swarm's report, with how much a minute writes while nothing is done."""
    written = []

    def count(moment):
        if moment == "steady":
            written.append(written_a_minute(f"{folder}/server"))

    report = swarm(folder, agents, database, "--steady", str(STEADY_S), "--broadcast", "--storm", "--restart", when=count)
    assert report["moments"]["broadcast"]["orders"] == agents, report
    (once,) = written
    return {**report, "written": once}


def failed(report):
    return sum(count for code, count in report["errors"].items() if code.startswith(UNANSWERED))


def approve(folder, engine, agents, database):
    """What one request cost that approves an update of each machine that has any, from its plan to its install."""
    report = swarm(folder, agents, database, "--command", "install_updates", "--broadcast")
    broadcast, orders = report["moments"]["broadcast"], report["orders"]
    assert broadcast["orders"] > 0.8 * agents and orders["stored"] == 2 * broadcast["orders"] and orders["unfinished"] == 0, report
    whose = f"{agents} agents ({engine}): one approval for all"
    lib.state(f"{whose}: answered after", [broadcast["ordered_s"]], "s", None)
    lib.state(f"{whose}: the last is installed after", [broadcast["done_s"]], "s", None)
    lib.state(f"{whose}: {FAILED}", [failed(report)], "", 0)


def database_mb(folder, database):
    if database:
        asked = ["psql", "-X", "-tA", database, "-c", "SELECT pg_database_size(current_database())"]
        return int(subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True).stdout) / 1e6
    return sum(file.stat().st_size for file in Path(folder, "server").glob("redflag.db*")) / 1e6


def numbers(report, agents, megabytes):
    moments = report["moments"]
    return {"memory, MB": moments["steady"]["rss_kib"] * 1024 / 1e6,
            "processor while steady, % of one": moments["steady"]["cpu_percent"],
            "transactions written a minute while steady": report["written"],
            "HTTP of an agent in the whole run, kB": sum(report["bytes"].values()) / agents / 1e3,
            "database, MB": megabytes,
            "all ordered to start at once, 99th percentile, s": report["operations"]["broadcast"]["p99_ms"] / 1e3,
            "all connections lost: all back after, s": moments["storm"]["back_s"],
            "its server ended and started again: all back after, s": moments["restart"]["back_s"],
            "requests that the server put off": report["put_off"],
            FAILED: failed(report)}


def grow(engine, place):
    """For each size its numbers; `place(name)` makes a database and says its URL, "" for a file."""
    found = {}
    for agents in SIZES:
        with tempfile.TemporaryDirectory(prefix="redflag-bench-", dir=lib.BUILD) as folder:
            database = place(agents)
            report = run(folder, agents, database)
            found[agents] = numbers(report, agents, database_mb(folder, database))
        # Half an hour goes by before the table is written: what is known by then is not lost with the rest.
        print(f"bench: scale: {agents} agents ({engine}): {found[agents]}; errors: {report['errors']}", file=sys.stderr, flush=True)
    least, fewer, most = SIZES[0], SIZES[1], SIZES[-1]
    goals = {"memory, MB": 400, "processor while steady, % of one": 25, "all connections lost: all back after, s": 60,
             "its server ended and started again: all back after, s": 60}
    lib.state(f"up to {most} agents ({engine}): {FAILED}", [sum(found[size][FAILED] for size in SIZES)], "", 0)
    for name, value in found[most].items():
        if name == FAILED:
            continue
        what, _, unit = name.rpartition(", ")
        lib.state(f"{most} agents ({engine}): {what or name}", [value], unit if what else "", goals.get(name))
    lib.state(f"{fewer} agents ({engine}): processor while steady", [found[fewer]["processor while steady, % of one"]], "% of one", 20)
    for name in ("memory, MB", "processor while steady, % of one"):
        def more(agents):  # of each agent beyond the smallest fleet: what a server without any costs is not theirs
            return (found[agents][name] - found[least][name]) / (agents - least)
        lib.state(f"{name.split(',')[0]} of each further agent, up to {most} beside up to {fewer} ({engine})", [more(most)], "",
                  1.2, {f"up to {fewer}": [more(fewer)]}, ratio=True)
    with tempfile.TemporaryDirectory(prefix="redflag-bench-", dir=lib.BUILD) as folder:
        approve(folder, engine, most, place(f"{most}approved"))
    return found


def main():
    if len(SIZES) < 2 or SIZES != sorted(set(SIZES)):
        raise RuntimeError("REDFLAG_SCALE: expected two sizes or more, each larger than the one before")
    # A doorbell each, and room for who asks meanwhile, of the server as of the fleet.
    needed, most = SIZES[-1] * 5 // 4, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most != resource.RLIM_INFINITY and most < needed:
        raise RuntimeError(f"{SIZES[-1]} agents need {needed} descriptors, and a process may have {most}: see ulimit -Hn")
    engines = {"SQLite": grow("SQLite", lambda name: "")}
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent, "pg")
        subprocess.run([POSTGRES, "start", folder], check=True, env=dict(os.environ, FSYNC="on"))
        try:
            server = f"postgresql:///{{}}?user=postgres&host={folder}"

            def place(name):
                subprocess.run(["psql", "-X", "-q", server.format("postgres"), "-c", f"CREATE DATABASE s{name}"], check=True)
                return server.format(f"s{name}")

            engines["PostgreSQL"] = grow("PostgreSQL", place)
        finally:
            subprocess.run([POSTGRES, "stop", folder], check=True)
    for name in next(iter(engines["SQLite"].values())):
        lib.plot(name, "agents", {engine: [(size, found[size][name]) for size in SIZES] for engine, found in engines.items()})


if __name__ == "__main__":
    main()
