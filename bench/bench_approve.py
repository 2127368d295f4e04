"""One click: 1,000 updates on 500 machines approved in one request, with its preview, over TLS and as a browser asks; a real
server on either engine plans the orders in the sealed hosts of their command type, and answers when all of them are stored."""
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import bench_lists
import lib

AGENTS, UPDATES = 500, 30
ROWS, ROUNDS = 1_000, 7
GOAL_S = 1


def waiting(browser, count):
    """Ids of updates that can be approved, two of each machine, as many as asked for."""
    found, taken, cursor = [], {}, ""
    while len(found) < count:
        _, text = browser.ask("GET", f"/api/v1/updates/rows?state=available&limit=500{cursor}")
        page = json.loads(text)
        for row in page["items"]:
            if taken.get(row["agent_id"], 0) < count // AGENTS:
                taken[row["agent_id"]] = taken.get(row["agent_id"], 0) + 1
                found.append(row["id"])
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    return found[:count]


def posted(browser, path, body, key):
    begun = time.perf_counter()
    _, text = browser.ask("POST", path, body, {"content-type": "application/json", "idempotency-key": key,
                                               "x-csrf-token": browser.csrf})
    return time.perf_counter() - begun, json.loads(text)


def measure(engine, folder, database):
    options = ["--database", database] if database else []
    subprocess.run([lib.program("redflag-server"), "init", "--data", folder, *options], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    subprocess.run([lib.BUILD / "bench/redflag-bench-fleet", database or f"{folder}/redflag.db", str(AGENTS), str(UPDATES)],
                   check=True)
    server, token = bench_lists.started(folder)
    try:
        browser = bench_lists.Browser(folder, token)
        previews, approvals = [], []
        for number in range(ROUNDS):
            body = json.dumps({"update_ids": waiting(browser, ROWS)})
            previews.append(posted(browser, "/api/v1/approvals?preview=1", body, f"preview-{number}")[0])
            took, answer = posted(browser, "/api/v1/approvals", body, f"approve-{number}")
            if answer["approved"] != ROWS or answer["agents"] != AGENTS:
                raise RuntimeError(f"{answer['approved']} rows of {answer['agents']} machines: {answer['skipped'][:1]}")
            approvals.append(took)
        lib.state(f"preview of {ROWS} updates on {AGENTS} machines ({engine})", previews, "s", GOAL_S)
        lib.state(f"approval of {ROWS} updates on {AGENTS} machines ({engine})", approvals, "s", GOAL_S)
    finally:
        server.terminate()
        server.wait(timeout=30)


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-", dir=lib.BUILD) as parent:
        measure("SQLite", f"{parent}/sqlite", "")
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent, "pg")
        subprocess.run([bench_lists.POSTGRES, "start", folder], check=True, env=dict(os.environ, FSYNC="on"))
        try:
            measure("PostgreSQL", f"{parent}/data", f"postgresql:///postgres?user=postgres&host={folder}")
        finally:
            subprocess.run([bench_lists.POSTGRES, "stop", folder], check=True)


if __name__ == "__main__":
    main()
