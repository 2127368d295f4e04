"""Memory of an idle agent beside zabbix_agentd and collectd, and of an idle server with one agent.

The agent is what stays after its first scan, kernel and broker; what only that needed they have given back. What it
shares with anything else counts in parts (PSS), as for the peers; but no other process of ours is there then."""
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import lib

ROUNDS = 3
SETTLE_S = 32


def started(command):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def ended(process):
    process.terminate()
    process.wait(timeout=30)


def measure_ours(folder, port):
    """Agent and server as scripts/run starts them, enrolled, the first scan delivered, then left alone."""
    command = [str(lib.REPOSITORY / "scripts/run"), "--data", f"{folder}/redflag", "--port", str(port)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said = []
        if not any(said.append(line) or "Ctrl-C stops everything" in line for line in run.stdout):
            raise RuntimeError("scripts/run ended before it was ready: " + "".join(said[-5:]))
        time.sleep(SETTLE_S)
        programs = {lib.program_of(p): p for p in lib.tree(run.pid)}
        kernel, server = programs["redflag-kernel"], programs["redflag-server"]
        broker = programs["redflag-broker"]
        server_mb = lib.rss_mb(server)
        # Alone, as on a machine that is looked after: libraries that our own server maps as well would count half.
        run.send_signal(signal.SIGSTOP)
        os.kill(server, signal.SIGKILL)
        lib.until(lambda: "redflag-server" not in map(lib.program_of, lib.tree(run.pid)), "the server's end")
        lib.refuse_others("redflag-kernel", kernel)
        dirty = lib.kib(f"/proc/{kernel}/smaps_rollup", "Private_Dirty") / 1024
        return lib.pss_mib(kernel) + lib.pss_mib(broker), server_mb, dirty
    finally:
        run.send_signal(signal.SIGCONT)
        ended(run)


def measure_peer(command):
    peer = started(command)
    try:
        time.sleep(SETTLE_S)
        if peer.poll() is not None:
            raise RuntimeError(f"{command[0]} ended by itself")
        return lib.pss_mib(peer.pid)
    finally:
        ended(peer)


def zabbix(folder):
    file = Path(folder, "zabbix.conf")
    file.write_text(f"PidFile={folder}/zabbix.pid\nLogType=console\nServer=127.0.0.1\nListenIP=127.0.0.1\n"
                    f"ListenPort={lib.free_port()}\nAllowRoot=1\n")
    return ["zabbix_agentd", "-f", "-c", str(file)]


def collectd(folder):
    file = Path(folder, "collectd.conf")
    plugins = "".join(f"LoadPlugin {name}\n" for name in ("cpu", "memory", "load", "df", "csv"))
    file.write_text(f'BaseDir "{folder}"\nPIDFile "{folder}/collectd.pid"\n{plugins}'
                    f'<Plugin csv>\n DataDir "{folder}/csv"\n</Plugin>\n')
    return ["collectd", "-f", "-C", str(file)]


def main():
    ours, server, dirty, zabbix_mib, collectd_mib = [], [], [], [], []
    port = lib.free_port()  # one for all rounds: the agent enrols in the first only
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
        os.chmod(folder, 0o755)
        for _ in range(ROUNDS):
            agent_mib, server_mb, dirty_mib = measure_ours(folder, port)
            ours.append(agent_mib)
            server.append(server_mb)
            dirty.append(dirty_mib)
            zabbix_mib.append(measure_peer(zabbix(folder)))
            collectd_mib.append(measure_peer(collectd(folder)))
    lib.state("agent idle, PSS", ours, "MiB", 14, {"zabbix_agentd": zabbix_mib, "collectd": collectd_mib})
    lib.state("its kernel, private dirty memory", dirty, "MiB", 4)
    lib.state("server idle with one agent, RSS", server, "MB", 60)


main()
