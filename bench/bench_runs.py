"""One run of a plugin, from the spawn of its sealed process to its end: with nothing to do, and with 100,000 rows. Started by
the agent itself and by the broker, as another user; beside it a process of nothing, `/bin/true`."""
import json
import os
import subprocess
import tempfile
from pathlib import Path

import lib

PLUGINS = lib.BUILD / "bench_plugins"


def runs(rows, count, *broker):
    done = subprocess.run([lib.BUILD / "bench/redflag-bench-runs", PLUGINS, str(rows), str(count), *broker], check=True,
                          stdout=subprocess.PIPE, text=True)
    return [float(line) for line in done.stdout.split()]


def nothing(count):
    return [1000 * lib.seconds(["/bin/true"]) for _ in range(count)]


with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
    os.chmod(folder, 0o755)
    config, socket = Path(folder, "agent.yaml"), Path(folder, "broker.sock")
    sha256 = json.loads(Path(PLUGINS, "rows.json").read_text())["sha256"]
    config.write_text(f"version: 1\nisolation: require\nplugins:\n  rows: {{sha256: {sha256}}}\n")
    broker = subprocess.Popen([lib.program("redflag-broker"), "--config", config, "--state", f"{folder}/state", "--plugins", PLUGINS,
                               "--socket", socket, "--scan-user", "nobody", "--kernel-user", "0", "--scratch", f"{folder}/scratch"], stderr=subprocess.DEVNULL)
    try:
        lib.until(socket.exists, "the broker")
        runs(0, 20, socket)
        lib.state("a run with nothing to do", runs(0, 200), "ms", 5, {"/bin/true": nothing(200)})
        lib.state("a run with nothing to do, through the broker", runs(0, 200, socket), "ms", 5, {"/bin/true": nothing(200)})
        lib.state("a run with 100,000 rows, through the broker", runs(100_000, 10, socket), "ms", 500)
    finally:
        broker.terminate()
        broker.wait()
