"""A dnf scan, from the command to its JSON, beside `dnf -C check-update`; both with the parsed caches that dnf keeps. The root is made up: an rpm database of 300 packages, and 40,000 packages in two repositories."""
import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

import lib

GOAL_LOOK = 0.50
GOAL_UNCHANGED = 0.15
GOAL_PEAK_MB = 80
INSTALLED = 300
OFFERED = 20000  # in each repository
# Debian's rpm and dnf keep the database in the home of root.
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/root", "LC_ALL": "C.UTF-8"}


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)


def install(root):
    """Packages without files, all of one specification."""
    header = "Name: installed\nVersion: 1.0\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\n%description\ns\n"
    parts = [f"%package -n pkg{i}\nSummary: s\n%description -n pkg{i}\ns\n%files -n pkg{i}\n" for i in range(INSTALLED)]
    Path(root, "installed.spec").write_text(header + "".join(parts))
    run("rpmbuild", "-bb", "--define", f"_topdir {root}/build", "--define", f"_rpmdir {root}/rpms", f"{root}/installed.spec")
    run("rpm", "--root", root, "-i", "--nodeps", *map(str, Path(root, "rpms/noarch").glob("*.rpm")))


def package(name, version):
    digest = hashlib.sha256(f"{name}{version}".encode()).hexdigest()
    provides = "".join(f'<rpm:entry name="{name}({i})" flags="EQ" epoch="0" ver="{version}" rel="1"/>' for i in range(4))
    requires = "".join(f'<rpm:entry name="pkg{i}"/>' for i in range(3))
    return f"""<package type="rpm"><name>{name}</name><arch>noarch</arch><version epoch="0" ver="{version}" rel="1"/>
<checksum type="sha256" pkgid="YES">{digest}</checksum><summary>A package called {name}</summary>
<description>What {name} is for takes a few lines to tell, as it does for most packages that somebody maintains, and so this
description goes on until it has the length that such a text has in the repositories of a distribution.</description>
<packager>test</packager><url>https://example.org/{name}</url><time file="1700000000" build="1700000000"/>
<size package="100000" installed="300000" archive="300100"/><location href="Packages/{name}-{version}-1.noarch.rpm"/>
<format><rpm:license>MIT</rpm:license><rpm:vendor>test</rpm:vendor><rpm:group>Unspecified</rpm:group>
<rpm:buildhost>h</rpm:buildhost><rpm:sourcerpm>{name}-{version}-1.src.rpm</rpm:sourcerpm>
<rpm:provides><rpm:entry name="{name}" flags="EQ" epoch="0" ver="{version}" rel="1"/>{provides}</rpm:provides>
<rpm:requires>{requires}</rpm:requires></format></package>
"""


def advisory(number):
    name = f"pkg{number % OFFERED}"
    return f"""<update from="t@example.org" status="final" type="security" version="1"><id>T-{number}</id><title>T</title>
<issued date="2026-01-02 00:00:00"/><severity>Important</severity><description>d</description><references>
<reference href="https://example.org" id="CVE-2026-{number:04}" type="cve" title="c"/></references><pkglist><collection short="c">
<name>c</name><package name="{name}" version="2.0" release="1" epoch="0" arch="noarch"><filename>{name}.rpm</filename></package>
</collection></pkglist></update>
"""


def repository(root, name, version, advisories):
    folder = Path(root, "repositories", name)
    Path(folder, "repodata").mkdir(parents=True)
    namespaces = 'xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm"'
    run("createrepo_c", "--no-database", str(folder))
    files = {
        "primary": f'<metadata {namespaces} packages="{OFFERED}">' + "".join(package(f"pkg{i}", version) for i in range(OFFERED))
        + "</metadata>",
        "updateinfo": "<updates>" + "".join(advisory(i) for i in range(advisories)) + "</updates>",
    }
    run("modifyrepo_c", "--remove", "primary", f"{folder}/repodata")
    for kind, text in files.items():
        file = Path(root, f"{kind}.xml")
        file.write_text('<?xml version="1.0" encoding="UTF-8"?>\n' + text)
        run("modifyrepo_c", f"--mdtype={kind}", str(file), f"{folder}/repodata")
    Path(root, "etc/yum.repos.d", f"{name}.repo").write_text(f"[{name}]\nname={name}\nbaseurl=file://{folder}\ngpgcheck=0\n")


def prepare(root):
    for folder in ("etc/yum.repos.d", "etc/dnf", "var/lib/rpm", "root"):
        Path(root, folder).mkdir(parents=True)
    Path(root, "root/.rpmdb").symlink_to("../var/lib/rpm")
    Path(root, "etc/dnf/dnf.conf").write_text("[main]\nplugins=0\n")
    Path(root, "agent.yaml").write_text(f'version: 1\nplugins:\n  dnf: {{settings: {{root: "{root}"}}}}\n')
    os.chmod(root, 0o755)
    install(root)
    repository(root, "base", "1.0", 0)
    repository(root, "updates", "2.0", 2000)
    run("dnf", f"--installroot={root}", "makecache")


def scan(root, purpose):
    return [lib.program("redflag-agent"), "--config", f"{root}/agent.yaml", "--state", f"{root}/state", "scan", "dnf",
            "--format", "json", "--purpose", purpose]


def rows(command):
    """How many updates a scan's JSON names, and whether it answered from what it kept."""
    (result,) = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)["scans"]
    assert result["status"] == "ok" and result["complete"], result["reports"]
    kept = any(report["code"] == "inputs.unchanged" for report in result["reports"])
    return sum(record["record"] == "update/1" for record in result["records"]), kept


# By a process of its own: what a child counts as its most begins with what its starter had.
PEAK = """import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(os.wait4(process.pid, 0)[2].ru_maxrss)"""


def peak_mb(command):
    """Most memory that a process of the command had: the scan's host."""
    kib = subprocess.run(["python3", "-c", PEAK, *command], capture_output=True, check=True, text=True).stdout
    return int(kib) * 1024 / 1e6


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as root:
        prepare(root)
        # check-update ends with 100 where there are updates.
        check = ["sh", "-c", f'HOME=/root dnf --installroot="{root}" -C -q check-update; [ $? = 100 ]']
        look, unchanged = scan(root, "verify"), scan(root, "updates")
        lines = len(subprocess.run(check, capture_output=True, check=True, text=True).stdout.strip().splitlines())
        rows(unchanged)
        assert rows(look) == (lines, False) and rows(unchanged) == (lines, True), (lines, rows(look), rows(unchanged))

        def stamp():
            return [os.stat(path).st_mtime_ns for path in Path(root, "var/cache/dnf").rglob("*")]

        look_s, unchanged_s, peer_s = lib.alternate([look, unchanged, check], stamp, rounds=15)
        beside = {"dnf -C check-update": [1000 * s for s in peer_s]}
        lib.state(f"dnf scan, {lines} updates", [1000 * s for s in look_s], "ms", GOAL_LOOK, beside, ratio=True)
        lib.state("dnf scan, inputs unchanged", [1000 * s for s in unchanged_s], "ms", GOAL_UNCHANGED, beside, ratio=True)
        lib.state("dnf scan, most memory", [peak_mb(look) for _ in range(5)], "MB", GOAL_PEAK_MB)


main()
