"""A server under many agents, all on this machine's processors with it: a signed check-in without news beside the same bytes
to Poco's own HTTPS server, whose handler does nothing (both over kept TLS connections, 16 of them; signed before the clock
runs); what each agent costs the server's memory while it waits at its doorbell, when they came a few at a time and a minute after
a storm, and what it sends and gets meanwhile, with TCP and IP; and the storm: how soon all are back when all of them come at
once, without any back-off, each with a TLS handshake, a signature and a commit. The goal of a check-in, 0.15 of Poco's rate, is
6.66 times its time; 4,000 a second are 250 µs of each. And what a click costs: some hundred orders of one to five machines each,
of a connected fleet of 5,000, from the moment that the browser's request would leave."""
import json
import secrets
import subprocess
import tempfile
import time
from pathlib import Path

import lib

AGENTS, ROUNDS, SERVERS = 1000, 7, 3
GOAL_TIMES = 6.66  # not less than 0.15 of the peer's rate
GOAL_KIB = 24
GOAL_WIRE_BYTES = 500
GOAL_STORM_S = 6  # ten thousand within a minute
GOAL_CHECK_IN_US, GOAL_CHECK_IN_P99_MS = 250, 20
CONNECTED, ORDERING_S = 5000, 60
GOAL_RING_MS, GOAL_START_MS = 100, 1000


def make_server(data):
    """With a published trust root, whose offline keys nobody will need, and room for a fleet behind one address."""
    def server(*arguments, **more):
        return subprocess.run([lib.program("redflag-server"), *arguments], check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, **more).stdout
    server("init", "--data", data)
    with Path(data, "server.yaml").open("a") as settings:
        settings.write("rate_limits: {agent: 100000, enrolment: 1000000, people: 100000}\n")
    offline, about = data.parent / "offline", data.parent / "server-keys.json"
    about.write_bytes(server("keys", "server", "--data", data))
    passphrases = 2 * f"{secrets.token_urlsafe(24)}\n".encode()
    server("keys", "init", "--keys", offline, "--server", about, "--passphrase-fd", "0", input=passphrases)
    server("keys", "sign", "--keys", offline, "--passphrase-fd", "0", input=passphrases)
    server("keys", "publish", "--keys", offline, data / "trust")


def once():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
        data, bundle = f"{folder}/data", Path(folder, "bundle")
        make_server(Path(data))
        server = subprocess.Popen([lib.program("redflag-server"), "serve", "--data", data, "--listen", "127.0.0.1:0"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            lib.until(lambda: Path(data, "server.url").exists(), "the server")
            time.sleep(1.1)  # what is signed within the second of its start counts as signed before it
            made = subprocess.run([lib.program("redflag-server"), "token", "create", "--data", data, "--seats", str(AGENTS),
                                   "--accept", "auto"],
                                  check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            bundle.write_bytes(made.stdout)
            measured = subprocess.run([lib.BUILD / "bench/redflag-bench-swarm", data, bundle, str(server.pid), str(AGENTS),
                                       str(ROUNDS)], check=True, stdout=subprocess.PIPE)
            return json.loads(measured.stdout)
        finally:
            server.terminate()
            server.wait(timeout=30)


def clicks():
    """The operations of a swarm, of whose orders those count that were given once its fleet was connected."""
    with tempfile.TemporaryDirectory(prefix="redflag-bench-", dir=lib.BUILD) as folder:
        ramp = CONNECTED / 50  # so few at a time that none of them is still busy with having come
        swarm = subprocess.run([lib.program("redflag-swarm"), "--server-state", f"{folder}/server", "--agents", str(CONNECTED),
                                "--ramp", str(ramp), "--duration", str(ramp + ORDERING_S), "--every", "7200", "--order-every", "0.2",
                                "--inventories", "0.02", "--settle", "120", "--seed", "1", "--format", "json"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        report = json.loads(swarm.stdout)
        assert swarm.returncode == 0 and report["lost"] == report["duplicate"] == 0, report
        assert report["agents"]["most_doorbells"] == CONNECTED, report
        return report["operations"]


def main():
    runs = [once() for _ in range(SERVERS)]
    ours = [us for run in runs for us in run["check_in_us"]]
    bare = [us for run in runs for us in run["bare_us"]]
    lib.state("a signed check-in without news", ours, "µs", GOAL_TIMES, {"bare Poco over TLS": bare}, ratio=True)
    lib.state("the same, all connections together", ours, "µs", GOAL_CHECK_IN_US)
    lib.state("a signed check-in without news, 99th percentile", [ms for run in runs for ms in run["check_in_p99_ms"]], "ms",
              GOAL_CHECK_IN_P99_MS)
    lib.state(f"server memory of an agent that waits, of {AGENTS}", [run["agent_kib"] for run in runs], "KiB", GOAL_KIB)
    lib.state("the same a minute after a storm", [run["agent_after_storm_kib"] for run in runs], "KiB", GOAL_KIB)
    lib.state("network of an agent that waits, a minute", [run["agent_wire_bytes"] for run in runs], "bytes", GOAL_WIRE_BYTES)
    lib.state(f"{AGENTS} agents at once, all back", [run["storm_s"] for run in runs], "s", GOAL_STORM_S)
    orders = clicks()
    lib.state(f"from the click until the doorbell rings, {CONNECTED} connected, 99th percentile",
              [orders["order_to_ring"]["p99_ms"]], "ms", GOAL_RING_MS)
    lib.state(f"from the click until the agent begins, {CONNECTED} connected, 99th percentile",
              [orders["order_to_start"]["p99_ms"]], "ms", GOAL_START_MS)


main()
