"""A scan of an engine with 50 containers, each of an image of its own, that asks a registry on loopback for every one of them; from the command to its JSON."""
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import lib

GOAL_S = 1.5
GOAL_PEAK_MB = 20
IMAGES = 50
ROUNDS = 10


def start(folder, name, command):
    log = open(Path(folder, f"{name}.log"), "w")
    return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def registry(folder, port):
    config = Path(folder, "registry.yml")
    config.write_text(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\n"
                      f'http: {{addr: "127.0.0.1:{port}"}}\n')
    return start(folder, "registry", ["docker-registry", "serve", str(config)])


def engine(folder):
    return start(folder, "dockerd", ["dockerd", "--iptables=false", "--ip-masq=false", "--ip-forward=false", "--bridge=none",
                                     "--storage-driver=vfs", f"--data-root={folder}/data", f"--exec-root={folder}/exec",
                                     f"--pidfile={folder}/pid", f"--host=unix://{folder}/docker.sock"])


def fill(folder, port):
    """Images of one small file each, pushed and named by a container that was never started."""
    def docker(*words):
        subprocess.run(["docker", "--config", f"{folder}/client", "--host", f"unix://{folder}/docker.sock", *words],
                       check=True, capture_output=True)

    lib.until(lambda: Path(folder, "docker.sock").exists(), "the engine")
    for number in range(IMAGES):
        Path(folder, "file").write_text(f"{number}\n")
        subprocess.run(["tar", "-C", folder, "-cf", f"{folder}/image.tar", "file"], check=True)
        name = f"127.0.0.1:{port}/app{number}:1.0.{number}"
        docker("import", f"{folder}/image.tar", name)
        docker("push", "--quiet", name)
        docker("create", "--network", "none", "--name", f"app{number}", name, "/file")


def scan(folder):
    begin = time.perf_counter()
    done = subprocess.run([lib.program("redflag-agent"), "--config", f"{folder}/agent.yaml", "--state", f"{folder}/state", "scan",
                           "docker", "--format", "json"], capture_output=True, check=True, text=True)
    took = time.perf_counter() - begin
    (result,) = json.loads(done.stdout)["scans"]
    asked = sum("offered_digest" in record for record in result["records"])
    assert result["complete"] and asked == IMAGES, (asked, result["reports"])
    return took


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
        port = lib.free_port()
        Path(folder, "state").mkdir(mode=0o700)
        Path(folder, "agent.yaml").write_text(
            f'version: 1\nplugins:\n  docker: {{settings: {{socket: "{folder}/docker.sock"}}}}\n')
        started = [registry(folder, port), engine(folder)]
        try:
            fill(folder, port)
            scan(folder)
            lib.state(f"docker scan, {IMAGES} images and containers", [scan(folder) for _ in range(ROUNDS)], "s", GOAL_S)
            lib.state("docker scan, most memory", lib.peaks_mb(folder, "docker", "verify"), "MB", GOAL_PEAK_MB)
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()


if os.geteuid() != 0:
    raise SystemExit("an engine is started by root only")
main()
