"""A page of the list of a fleet of 10,000 machines with 300,000 updates, as a browser gets it: over TLS on a connection that is
kept, from a real server on either engine. Beside it the bare SQL of the first page of agents, asked by the engine's own client
in the same run (its start included)."""
import http.client
import json
import os
import re
import ssl
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import lib

AGENTS, UPDATES = 10_000, 30
ROUNDS, WARM = 100, 5
GOAL_MS = 60
POSTGRES = lib.REPOSITORY / "tests/support/postgres"
LISTS = {
    "100 agents by name": "/api/v1/agents?limit=100",
    "100 agents, longest silent first": "/api/v1/agents?limit=100&sort=last_seen",
    "100 agents, part of a name": "/api/v1/agents?limit=100&search=-01",
}
FLEET = "/api/v1/updates?limit=50"
FLEET_ROUNDS, FLEET_GOAL_S = 10, 1
BARE = "SELECT * FROM agents a JOIN clients c USING (client_id) ORDER BY lower(a.hostname), a.agent_id LIMIT 100"


class Browser:
    """One kept connection, signed in."""

    def __init__(self, data, setup_token):
        url = Path(data, "server.url").read_text().strip()
        trust = ssl.create_default_context(cafile=str(Path(data, "ca.pem")))
        host, port = re.fullmatch(r"https://([^:/]+):(\d+)", url).groups()
        self.connection = http.client.HTTPSConnection(host, int(port), context=trust, timeout=60)
        self.headers = {"accept": "application/json"}
        who = {"token": setup_token, "username": "bench", "password": "correct horse battery staple"}
        answer, session = self.ask("POST", "/api/v1/setup", json.dumps(who),
                             {"content-type": "application/json", "idempotency-key": "bench"})
        self.headers["cookie"] = answer.getheader("set-cookie").split(";")[0]
        self.csrf = json.loads(session)["csrf_token"]

    def ask(self, method, path, body=None, more=None):
        self.connection.request(method, path, body, {**self.headers, **(more or {})})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}")
        return answer, text

    def milliseconds(self, path):
        begun = time.perf_counter()
        _, text = self.ask("GET", path)
        return 1000 * (time.perf_counter() - begun), text


def started(folder):
    """The server, and its setup token."""
    server = subprocess.Popen([lib.program("redflag-server"), "serve", "--data", folder, "--listen", "127.0.0.1:0"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    token = next(found.group(1) for line in server.stdout if (found := re.search(r"setup#token=(\S+)", line)))
    # What it says further goes nowhere; unread it would fill the pipe and hold the server up.
    threading.Thread(target=lambda: [None for _ in server.stdout], daemon=True).start()
    # Written last: who waits for it finds the rest.
    while not Path(folder, "server.url").exists():
        time.sleep(0.05)
    return server, token


def percentile(samples, per_cent):
    return statistics.quantiles(samples, n=100)[per_cent - 1]


def measure(engine, folder, database, bare):
    options = ["--database", database] if database else []
    subprocess.run([lib.program("redflag-server"), "init", "--data", folder, *options], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    subprocess.run([lib.BUILD / "bench/redflag-bench-fleet", database or f"{folder}/redflag.db", str(AGENTS), str(UPDATES)],
                   check=True)
    server, token = started(folder)
    try:
        browser = Browser(folder, token)
        for name, path in LISTS.items():
            samples = [browser.milliseconds(path)[0] for _ in range(WARM + ROUNDS)][WARM:]
            peers = {"the bare SQL": [1000 * lib.seconds(bare) for _ in range(10)]} if name == "100 agents by name" else {}
            peers["median"] = [statistics.median(samples)]
            lib.state(f"{name}, of {AGENTS}, 95th percentile ({engine})", [percentile(samples, 95)], "ms", GOAL_MS, peers)
        samples = [browser.milliseconds(FLEET)[0] / 1000 for _ in range(1 + FLEET_ROUNDS)][1:]
        lib.state(f"50 updates of the fleet, each with its machines counted, of {AGENTS * UPDATES} ({engine})", samples, "s",
                  FLEET_GOAL_S)
    finally:
        server.terminate()
        server.wait(timeout=30)


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-", dir=lib.BUILD) as parent:
        folder = f"{parent}/sqlite"
        measure("SQLite", folder, "", ["sqlite3", "-readonly", f"{folder}/redflag.db", BARE])
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent, "pg")
        subprocess.run([POSTGRES, "start", folder], check=True, env=dict(os.environ, FSYNC="on"))
        try:
            url = f"postgresql:///postgres?user=postgres&host={folder}"
            measure("PostgreSQL", f"{parent}/data", url, ["psql", "-X", "-q", url, "-c", BARE])
        finally:
            subprocess.run([POSTGRES, "stop", folder], check=True)


if __name__ == "__main__":
    main()
