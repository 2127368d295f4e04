"""A backup of a server on SQLite with a database of 200 MB, while it serves and somebody writes to it; beside it SQLite's
own VACUUM INTO, which holds neither keys nor hashes. (`.backup` of its shell begins anew at each write, and does not end.)"""
import json
import subprocess
import tempfile
import threading
from pathlib import Path

import bench_lists
import lib

AGENTS, UPDATES = 2_640, 65
ROUNDS = 5
GOAL_S = 2


class Writer(threading.Thread):
    """Makes enrolment tokens until it is stopped; how many is told at the end."""

    def __init__(self, browser):
        super().__init__(daemon=True)
        self.browser, self.made, self.stopped = browser, 0, threading.Event()

    def run(self):
        while not self.stopped.is_set():
            self.browser.ask("POST", "/api/v1/enrolment-tokens", json.dumps({"seats": 1, "expires_in_s": 3600}),
                             {"content-type": "application/json", "idempotency-key": f"bench-{self.made}",
                              "x-csrf-token": self.browser.csrf})
            self.made += 1


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-", dir=lib.BUILD) as parent:
        data = f"{parent}/data"
        file = Path(data, "redflag.db")
        subprocess.run([lib.program("redflag-server"), "init", "--data", data], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        subprocess.run([lib.BUILD / "bench/redflag-bench-fleet", str(file), str(AGENTS), str(UPDATES)], check=True)
        server, token = bench_lists.started(data)
        writer = Writer(bench_lists.Browser(data, token))
        writer.start()
        try:
            ours, copies = [], []
            for number in range(ROUNDS):
                ours.append(lib.seconds([lib.program("redflag-server"), "backup", "--data", data, "--to", f"{parent}/{number}"]))
                copies.append(lib.seconds(["sqlite3", "-readonly", str(file), f"VACUUM INTO '{parent}/copy{number}'"]))
        finally:
            writer.stopped.set()
            writer.join(timeout=30)
            server.terminate()
            server.wait(timeout=30)
        size = file.stat().st_size / 1e6
        lib.state(f"backup of {size:.0f} MB, with {writer.made} writes meanwhile", ours, "s", GOAL_S, {"VACUUM INTO": copies})


if __name__ == "__main__":
    main()
