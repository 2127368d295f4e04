"""A plan of 100 apt updates, from the spawn of its sealed process to its end, beside `unattended-upgrade --dry-run` with the same updates pending. The root has this machine's packages and lists, and 100 installed packages of a repository on this disk that offers a newer version of each, half of them bound to another one's very version."""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import lib

GOAL_S = 1
GOAL_RATIO = 0.02
GOAL_PEAK_MB = 60
UPDATES = 100
ROUNDS = 3  # of a peer that takes minutes
SEEN = ("etc/apt", "var/cache/apt", "var/lib/apt", "var/lib/dpkg", "var/log")


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options).stdout


def control(number, version):
    bound = f"Depends: redflag-bench{number - 1} (= {version})\n" if number % 2 else ""
    return (f"Package: redflag-bench{number}\nVersion: {version}\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\n{bound}"
            "Priority: optional\nSection: misc\nDescription: something to update\n")


def offer(repository, number):
    """A package of the newer version, and its stanza in the repository's list."""
    tree = Path(repository, "tree")
    Path(tree, "DEBIAN").mkdir(parents=True)
    Path(tree, "DEBIAN/control").write_text(control(number, "2.0"))
    file = Path(repository, f"redflag-bench{number}_2.0_all.deb")
    run("dpkg-deb", "--build", "--root-owner-group", str(tree), str(file))
    shutil.rmtree(tree)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{control(number, '2.0')}Filename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n\n"


def make_repository(repository):
    """Where a sealed plan may read: what apt keeps as the list of a repository on a disk is a link to it."""
    repository.mkdir(parents=True)
    packages = "".join(offer(repository, number) for number in range(UPDATES))
    Path(repository, "Packages").write_text(packages)
    digest = hashlib.sha256(packages.encode()).hexdigest()
    Path(repository, "Release").write_text("Origin: RedFlag\nLabel: RedFlag\nSuite: bench\nCodename: bench\n"
                                           f"SHA256:\n {digest} {len(packages)} Packages\n")


def inside(root, *command):
    """The command with the root's folders in the place of the machine's own, for itself alone."""
    mounts = "".join(f'mount --bind "{root}/{folder}" /{folder} && ' for folder in SEEN)
    return ["unshare", "--mount", "env", "LC_ALL=C.UTF-8", "sh", "-c", mounts + 'exec "$@"', "sh", *command]


def make_root(root, repository):
    for folder in (*SEEN, "etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/cache/apt/archives/partial", "var/lib/dpkg/updates",
                   "var/log/unattended-upgrades"):
        Path(root, folder).mkdir(parents=True, exist_ok=True)
    shutil.copytree("/var/lib/apt/lists", f"{root}/var/lib/apt/lists",
                    ignore=shutil.ignore_patterns("lock", "partial", "auxfiles"))
    Path(root, "var/lib/apt/lists/partial").mkdir()
    shutil.copytree("/etc/apt/sources.list.d", f"{root}/etc/apt/sources.list.d")
    Path(root, "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{repository} ./\n")
    installed = "".join(control(number, "1.0") + "Status: install ok installed\n\n" for number in range(UPDATES))
    Path(root, "var/lib/dpkg/status").write_text(Path("/var/lib/dpkg/status").read_text() + installed)
    # What the peer has to be told: whose updates it takes. All else is as its package says.
    Path(root, "etc/apt/apt.conf").write_text('Unattended-Upgrade::Origins-Pattern { "origin=RedFlag"; };\n')
    # The repository's list only: those of the machine are there.
    run(*inside(root, "apt-get", "update", "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Get::List-Cleanup=0"))


def unattended_upgrade(folder):
    """Out of its package, which is not installed: installed it would upgrade this machine each night."""
    run("apt-get", "download", "-o", "APT::Sandbox::User=root", "unattended-upgrades", cwd=folder)
    (package,) = Path(folder).glob("unattended-upgrades_*.deb")
    run("dpkg-deb", "-x", str(package), f"{folder}/peer")
    return inside(f"{folder}/root", "/usr/bin/python3", f"{folder}/peer/usr/bin/unattended-upgrade", "--dry-run", "--verbose")


def ours(folder):
    return lib.host_runs(folder, "apt", "plan", request=f"{folder}/request.json")[0]


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
        os.chmod(folder, 0o755)
        repository = Path(folder, "root/var/lib/apt/repository")
        make_repository(repository)
        make_root(Path(folder, "root"), repository)
        for own in ("cache", "state"):
            Path(folder, own).mkdir(mode=0o700)
        Path(folder, "agent.yaml").write_text(
            f'version: 1\nplugins:\n  apt: {{settings: {{root: "{folder}/root", cache_dir: "{folder}/cache"}}}}\n')
        names = [f"redflag-bench{number}" for number in range(UPDATES)]
        Path(folder, "request.json").write_text(
            json.dumps({"updates": [{"name": name, "arch": "all", "version": "2.0"} for name in names]}))
        peer = unattended_upgrade(folder)
        planned = ours(folder)["result"]["steps"]
        assert sorted(step["name"] for step in planned) == sorted(names), planned
        runs, peer_s = [], []
        for _ in range(ROUNDS):
            runs.append(ours(folder))
            peer_s.append(lib.seconds(peer))
        log = Path(folder, "root/var/log/unattended-upgrades/unattended-upgrades.log").read_text()
        assert set(names) <= set(log.split()), log
        plan_s = [run["ms"] / 1000 for run in runs]
        lib.state(f"plan of {UPDATES} apt updates", plan_s, "s", GOAL_S)
        lib.state(f"plan of {UPDATES} apt updates, beside its peer", plan_s, "s", GOAL_RATIO, {"unattended-upgrade --dry-run": peer_s}, ratio=True)
        lib.state("plan, most memory", [run["peak_mb"] for run in runs], "MB", GOAL_PEAK_MB)


main()
