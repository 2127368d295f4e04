"""Memory of an idle agent beside zabbix_agentd and collectd, and of an idle server with one agent."""
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import lib

SETTLE_S = 20


def tree(pid):
    """The process and everything below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def tree_pss_mib(pid):
    return sum(lib.pss_kib(p) for p in tree(pid)) / 1024


def started(command, **options):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                            **options)


def ended(process):
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)


def measure_ours(folder):
    run = subprocess.Popen([str(lib.REPOSITORY / "scripts/run"), "--data", folder, "--port", "18443"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in run.stdout:
            if "Ctrl-C stops everything" in line:
                break
        else:
            raise RuntimeError("scripts/run ended before it was ready")
        time.sleep(SETTLE_S)
        programs = {Path(f"/proc/{p}/exe").readlink().name: p for p in tree(run.pid)}
        return tree_pss_mib(programs["redflag-agent"]), lib.rss_kib(programs["redflag-server"]) / 1024
    finally:
        ended(run)


def measure_zabbix(folder):
    configuration = Path(folder, "zabbix.conf")
    configuration.write_text(f"PidFile={folder}/zabbix.pid\nLogType=console\nServer=127.0.0.1\nListenIP=127.0.0.1\n"
                             "ListenPort=18050\nAllowRoot=1\n")
    zabbix = started(["zabbix_agentd", "-f", "-c", str(configuration)])
    try:
        time.sleep(SETTLE_S)
        return tree_pss_mib(zabbix.pid)
    finally:
        ended(zabbix)


def measure_collectd(folder):
    configuration = Path(folder, "collectd.conf")
    configuration.write_text(f'BaseDir "{folder}"\nPIDFile "{folder}/collectd.pid"\nLoadPlugin cpu\nLoadPlugin memory\n'
                             f'LoadPlugin load\nLoadPlugin df\nLoadPlugin csv\n<Plugin csv>\n DataDir "{folder}/csv"\n</Plugin>\n')
    collectd = started(["collectd", "-f", "-C", str(configuration)])
    try:
        time.sleep(SETTLE_S)
        return tree_pss_mib(collectd.pid)
    finally:
        ended(collectd)


lib.install("zabbix-agent", "collectd-core")
with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
    os.chmod(folder, 0o755)
    agent, server = measure_ours(folder)
    zabbix = measure_zabbix(folder)
    collectd = measure_collectd(folder)
    lib.state("agent idle, PSS", round(agent, 1), "MiB", 14, "zabbix_agentd", round(zabbix, 1))
    lib.state("agent idle, PSS (2)", round(agent, 1), "MiB", 14, "collectd", round(collectd, 1))
    lib.state("server idle with one agent, RSS", round(server, 1), "MB", 60)
