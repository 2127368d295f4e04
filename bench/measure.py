"""Runs the benchmarks beside this file and writes what they found into README.md; see bench/run, which prepares for it."""
import ast
import json
import os
import platform
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOLERANCE = 1.3
BEGIN, END = "<!-- figures: written by bench/run -->", "<!-- end of figures -->"


def chosen(names):
    scripts = {script.stem.removeprefix("bench_"): script for script in sorted(HERE.glob("bench_*.py"))}
    unknown = [name for name in names if name not in scripts]
    if unknown:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(scripts)}")
    return {name: script for name, script in scripts.items() if not names or name in names}


def measure(name, script):
    print(f"bench: {name} …", file=sys.stderr, flush=True)
    result = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"{script.name} failed")
    said = [json.loads(line) for line in result.stdout.splitlines()]
    if all("plot" in one for one in said):
        sys.exit(f"{script.name} measured nothing")
    return [one for one in said if "plot" not in one], [one for one in said if "plot" in one]


def spread(value, unit):
    if value["low"] == value["high"]:
        return f"{value['median']:.3g} {unit}"
    return f"{value['median']:.3g} {unit} ({value['low']:.3g}–{value['high']:.3g})"


def row(figure):
    unit = figure["unit"]
    compared = "×" if figure["ratio"] else unit
    peers = ", ".join(f"{name}: {spread(value, unit)}" for name, value in figure["peers"].items())
    goal = "–" if figure["goal"] is None else f"≤ {figure['goal']} {compared}"
    ours = spread(figure["ours"], unit) if figure["ratio"] else "–"
    return (f"| {figure['name']} | **{spread(figure['figure'], compared)}** | {goal} | {ours} | "
            f"{peers or '–'} | {figure['rounds']} |")


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{len(os.sched_getaffinity(0))} × {model}, {system}, Linux {platform.release()}"


def draw(name, plots):
    """All plots of a benchmark beside each other, as one picture."""
    import matplotlib  # only for those that draw
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": name, "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot
    columns = min(3, len(plots))
    rows = -(-len(plots) // columns)
    picture, panes = pyplot.subplots(rows, columns, figsize=(3.6 * columns, 2.8 * rows), squeeze=False, layout="constrained")
    for pane in panes.flat[len(plots):]:
        pane.remove()
    for pane, plot in zip(panes.flat, plots):
        pane.set_title(plot["plot"], fontsize=9)
        pane.set_xlabel(plot["x"])
        for line, points in plot["lines"].items():
            pane.plot(*zip(*points), marker="o", markersize=3, label=line)
        most = max(y for points in plot["lines"].values() for _, y in points)
        pane.set(xlim=(0, None), ylim=(0, 1.1 * most or 1))
        pane.grid(alpha=0.3)
    panes.flat[0].legend(fontsize=8)
    (HERE / "plots").mkdir(exist_ok=True)
    picture.savefig(HERE / f"plots/{name}.svg", metadata={"Date": None, "Creator": None})
    pyplot.close(picture)


def section(name, script, figures, plots):
    """A heading, what the script says of itself, its table, its picture, and where and when it ran."""
    text = " ".join(ast.get_docstring(ast.parse(script.read_text())).split())
    return "\n".join([f"### {name}", "", text, "", "| what | measured | goal | ours | beside it | rounds |",
                      "|---|---|---|---|---|---|", *map(row, figures), "",
                      *([f"![{'; '.join(plot['plot'] for plot in plots)}](plots/{name}.svg)", ""] if plots else []),
                      f"Medians and the middle half of the rounds, {date.today()}, {machine()}."])


def keep(name, text):
    """Replaces the section of that name in README.md; the sections are in the order of their names."""
    readme = HERE / "README.md"
    head, rest = readme.read_text().split(BEGIN)
    kept, tail = rest.split(END)
    sections = {each.split("\n")[0].removeprefix("### "): each.strip() for each in re.split(r"^(?=### )", kept, flags=re.M)
                if each.strip()}
    sections[name] = text
    body = "\n\n".join(sections[each] for each in sorted(sections))
    readme.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}")


def main():
    gate = "--gate" in sys.argv
    late = []
    for name, script in chosen([argument for argument in sys.argv[1:] if argument != "--gate"]).items():
        figures, plots = measure(name, script)
        text = section(name, script, figures, plots)
        print(text, flush=True)
        if not gate:
            keep(name, text)
            if plots:
                draw(name, plots)
        late += [figure["name"] for figure in figures
                 if figure["goal"] is not None and not figure["figure"]["median"] <= TOLERANCE * figure["goal"]]
    if late and gate:
        sys.exit(f"beyond {TOLERANCE} times the goal: {'; '.join(late)}")


main()
