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
README = HERE / "README.md"
TOLERANCE = 1.3
BEGIN, END = "<!-- figures: written by bench/run -->", "<!-- end of figures -->"


def chosen(names):
    scripts = {script.stem.removeprefix("bench_"): script for script in sorted(HERE.glob("bench_*.py"))}
    unknown = [name for name in names if name not in scripts]
    if unknown:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(scripts)}")
    return {name: script for name, script in scripts.items() if not names or name in names}


def measure(name, script):
    """Its figures, its plots, and what went wrong: "" where nothing did. What it had measured by then is told nevertheless."""
    print(f"bench: {name} …", file=sys.stderr, flush=True)
    result = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    figures, plots, trouble = [], [], ""
    for line in result.stdout.splitlines():
        try:
            one = dict(json.loads(line))
            if "plot" not in one and "figure" not in one:
                raise ValueError(line)
            (plots if "plot" in one else figures).append(one)
        except (TypeError, ValueError):
            trouble = f"{script.name} said what is no figure: {line[:80]}"
    if result.returncode != 0:
        trouble = f"{script.name} failed"
    elif not figures and not trouble:
        trouble = f"{script.name} measured nothing"
    return figures, plots, trouble


def late(figures):
    """Those beyond their goal; whatever is no number is."""
    return [figure["name"] for figure in figures
            if figure["goal"] is not None and not figure["figure"]["median"] <= TOLERANCE * figure["goal"]]


def goal(figure):
    return "–" if figure["goal"] is None else f"≤ {figure['goal']} {'×' if figure['ratio'] else figure['unit']}"


def stale(name, figures):
    """Whether README.md tells of other goals than these: names may have numbers of the run in them, goals have not."""
    section = sections(readme_parts()[1]).get(name, "")
    told = [line.split("|")[3].strip() for line in section.splitlines() if line.startswith("|")][2:]
    here = [goal(figure).strip() for figure in figures]
    return sorted(each for each in told if each != "–") != sorted(each for each in here if each != "–")


def spread(value, unit):
    if value["low"] == value["high"]:
        return f"{value['median']:.3g} {unit}"
    return f"{value['median']:.3g} {unit} ({value['low']:.3g}–{value['high']:.3g})"


def row(figure):
    unit = figure["unit"]
    compared = "×" if figure["ratio"] else unit
    peers = ", ".join(f"{name}: {spread(value, unit)}" for name, value in figure["peers"].items())
    ours = spread(figure["ours"], unit) if figure["ratio"] else "–"
    return (f"| {figure['name']} | **{spread(figure['figure'], compared)}** | {goal(figure)} | {ours} | "
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


def description(script):
    """What it says of itself; "" where it cannot be read, which is told when it runs."""
    try:
        return " ".join((ast.get_docstring(ast.parse(script.read_text())) or "").split())
    except SyntaxError:
        return ""


def section(name, script, figures, plots):
    """A heading, what the script says of itself, its table, its picture, and where and when it ran."""
    return "\n".join([f"### {name}", "", description(script), "", "| what | measured | goal | ours | beside it | rounds |",
                      "|---|---|---|---|---|---|", *map(row, figures), "",
                      *([f"![{'; '.join(plot['plot'] for plot in plots)}](plots/{name}.svg)", ""] if plots else []),
                      f"Medians and the middle half of the rounds, {date.today()}, {machine()}."])


def readme_parts():
    """What is before the figures, the figures, and what is after them."""
    head, rest = README.read_text().split(BEGIN)
    kept, tail = rest.split(END)
    return head, kept, tail


def sections(kept):
    return {each.split("\n")[0].removeprefix("### "): each.strip() for each in re.split(r"^(?=### )", kept, flags=re.M)
            if each.strip()}


def keep(name, text):
    """Replaces the section of that name in README.md; the sections are in the order of their names."""
    head, kept, tail = readme_parts()
    all_of_them = sections(kept) | {name: text}
    body = "\n\n".join(all_of_them[each] for each in sorted(all_of_them))
    README.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}")


def main():
    gate = "--gate" in sys.argv
    wrong = []  # one that fails leaves the others theirs
    for name, script in chosen([argument for argument in sys.argv[1:] if argument != "--gate"]).items():
        figures, plots, trouble = measure(name, script)
        text = section(name, script, figures, plots)
        print(text, flush=True)
        if trouble:
            print(f"bench: {trouble}; above is what it had measured", file=sys.stderr, flush=True)
            wrong.append(trouble)
        if gate:
            wrong += [f"beyond {TOLERANCE} times the goal: {figure}" for figure in late(figures)]
            if not trouble and stale(name, figures):
                wrong.append(f"README.md tells of other goals than {script.name}: bench/run {name} writes them anew")
        elif not trouble:
            if plots:
                draw(name, plots)
            keep(name, text)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
