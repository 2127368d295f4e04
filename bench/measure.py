"""Runs the benchmarks beside this file and writes their table into README.md; see bench/run, which prepares for it."""
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOLERANCE = 1.3
BEGIN, END = "<!-- figures: written by bench/run -->", "<!-- end of figures -->"


def measure(names):
    scripts = {script.stem.removeprefix("bench_"): script for script in sorted(HERE.glob("bench_*.py"))}
    unknown = [name for name in names if name not in scripts]
    if unknown:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(scripts)}")
    figures = []
    for name, script in scripts.items():
        if names and name not in names:
            continue
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        result = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
        if result.returncode != 0:
            sys.exit(f"{script.name} failed")
        figures += [json.loads(line) for line in result.stdout.splitlines()]
    return figures


def spread(value, unit):
    if value["low"] == value["high"]:
        return f"{value['median']:.3g} {unit}"
    return f"{value['median']:.3g} {unit} ({value['low']:.3g}–{value['high']:.3g})"


def row(figure):
    unit = figure["unit"]
    compared = "×" if figure["ratio"] else unit
    peers = ", ".join(f"{name}: {spread(value, unit)}" for name, value in figure["peers"].items())
    ours = spread(figure["ours"], unit) if figure["ratio"] else "–"
    return (f"| {figure['name']} | **{spread(figure['figure'], compared)}** | ≤ {figure['goal']} {compared} | {ours} | "
            f"{peers or '–'} | {figure['rounds']} |")


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{len(os.sched_getaffinity(0))} × {model}, {system}, Linux {platform.release()}"


def main():
    names = [argument for argument in sys.argv[1:] if argument != "--gate"]
    figures = measure(names)
    table = ["| what | measured | goal | ours | beside it | rounds |", "|---|---|---|---|---|---|", *map(row, figures)]
    print("\n".join(table))
    if not names:
        readme = HERE / "README.md"
        head, rest = readme.read_text().split(BEGIN)
        readme.write_text("\n".join([head + BEGIN, *table, "", f"Medians and the middle half of the rounds, on {machine()}.",
                                     END + rest.split(END)[1]]))
    late = [figure["name"] for figure in figures if figure["figure"]["median"] > TOLERANCE * figure["goal"]]
    if late and "--gate" in sys.argv:
        sys.exit(f"beyond {TOLERANCE} times the goal: {'; '.join(late)}")


main()
