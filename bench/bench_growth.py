"""What a machine costs the server's database: three plugins that scan every six hours, 60 updates that wait, and each month a
round in which they are planned and installed, with its log; the server forgets after 90 days, as it does by default. From two
sizes of a fleet and two lengths of time in the same run, so that what every database has does not count."""
import os
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import lib

POSTGRES = lib.REPOSITORY / "tests/support/postgres"
FEW, MANY = 6, 12
SETTLED = 120  # days: longer than anything is kept
EARLY, LATE = 30, 60  # days: nothing is forgotten yet


def filled(database, agents, days):
    subprocess.run([lib.BUILD / "bench/redflag-bench-growth", database, str(agents), str(days)], check=True)


def sqlite_bytes(folder, agents, days):
    file = Path(folder, f"{agents}-{days}.db")
    filled(str(file), agents, days)
    with sqlite3.connect(file) as database:
        pages, free, size = (database.execute(f"PRAGMA {what}").fetchone()[0]
                             for what in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size


def postgres_bytes(folder, agents, days):
    name = f"d{agents}x{days}"
    server = f"postgresql:///{{}}?user=postgres&host={folder}"
    ask = lambda database, sql: subprocess.run(["psql", "-X", "-q", "-tA", server.format(database), "-c", sql], check=True,
                                               stdout=subprocess.PIPE, text=True).stdout
    ask("postgres", f"CREATE DATABASE {name}")
    filled(server.format(name), agents, days)
    ask(name, "VACUUM FULL")
    return int(ask(name, f"SELECT pg_database_size('{name}')"))


def tell(engine, bytes_of):
    settled = (bytes_of(MANY, SETTLED) - bytes_of(FEW, SETTLED)) / (MANY - FEW)
    a_year = (bytes_of(MANY, LATE) - bytes_of(MANY, EARLY)) / MANY * 365 / (LATE - EARLY)
    lib.state(f"a machine's share, for as long as it reports ({engine})", [settled / 1e6], "MB", None)
    lib.state(f"10,000 machines, reckoned from that ({engine})", [settled * 10_000 / 1e9], "GB", None)
    lib.state(f"what a machine reports in a year, were nothing forgotten ({engine})", [a_year / 1e6], "MB", None)


with tempfile.TemporaryDirectory(prefix="redflag-bench-", dir=lib.BUILD) as parent:
    tell("SQLite", lambda agents, days: sqlite_bytes(parent, agents, days))
with tempfile.TemporaryDirectory(prefix="redflag-bench-") as parent:
    Path(parent).chmod(0o755)
    place = Path(parent, "pg")
    subprocess.run([POSTGRES, "start", place], check=True, env=dict(os.environ, FSYNC="off"))
    try:
        tell("PostgreSQL", lambda agents, days: postgres_bytes(place, agents, days))
    finally:
        subprocess.run([POSTGRES, "stop", place], check=True)
