"""Figures as inline SVG that follow the page's colours, light or dark.

matplotlib draws with placeholder colours; the SVG text is then given CSS variables (`--c0` ... for series, `--ink`,
`--grid`), so one drawing serves both themes. Text stays text in the page's font. The output is deterministic: no
dates, fixed ids.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from deskcheck_evals.measures import Measure

INK, GRID = "#010101", "#020202"
SERIES = tuple(f"#0{i}0{i}f{i}" for i in range(8))
"""Colour 0 is a grey, for what others are compared with."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "deskcheck",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
DASHES = ("solid", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 2, 1, 2)))


@dataclass(frozen=True)
class Drawing:
    """One figure with its caption and its text for readers who do not see it."""

    svg: str
    caption: str


def curves_figure(curves: Mapping[str, Mapping[str, Mapping[int, Measure]]], caption: str) -> Drawing:
    """best@k over k with 95 % bands: run -> selector -> k -> measure; one panel a run, the same colours in each."""
    with matplotlib.rc_context(STYLE):
        figure, panels = _panels(len(curves))
        for panel, (label, selectors) in zip(panels, curves.items(), strict=True):
            for index, (name, points) in enumerate(selectors.items()):
                ks = sorted(points)
                intervals = [points[k].interval for k in ks]
                panel.plot(ks, [100 * i.mean for i in intervals], color=SERIES[index], marker="o", ms=3.5, label=name)
                panel.fill_between(
                    ks, [100 * i.low for i in intervals], [100 * i.high for i in intervals],
                    color=SERIES[index], alpha=0.12, lw=0,
                )  # fmt: skip
            panel.set(title=label, xlabel="k candidates")
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].set_ylabel("problems solved, %")
        panels[-1].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return Drawing(_svg(figure, panels), caption)


def bars_figure(groups: Mapping[str, Mapping[str, Measure]], caption: str, ylabel: str) -> Drawing:
    """Grouped bars with whiskers: run -> bar name -> measure; one group a bar name, one bar a run."""
    names = list(dict.fromkeys(name for measures in groups.values() for name in measures))
    width = 0.8 / len(groups)
    with matplotlib.rc_context(STYLE):
        figure, panels = _panels(1, width=max(5.0, 1.0 + 0.55 * len(names) * len(groups)))
        for index, (label, measures) in enumerate(groups.items()):
            colour = SERIES[1 + index % (len(SERIES) - 1)]
            shown = [(place, measures[name].interval) for place, name in enumerate(names) if name in measures]
            places = [place + (index - (len(groups) - 1) / 2) * width for place, _ in shown]
            heights = [100 * interval.mean for _, interval in shown]
            below = [100 * (interval.mean - interval.low) for _, interval in shown]
            above = [100 * (interval.high - interval.mean) for _, interval in shown]
            panels[0].bar(places, heights, width * 0.92, color=colour, label=label)
            panels[0].errorbar(places, heights, [below, above], fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
        panels[0].set_xticks(range(len(names)), names)
        panels[0].set_ylabel(ylabel)
        if len(groups) > 1:
            panels[0].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return Drawing(_svg(figure, panels), caption)


def _panels(count: int, width: float = 4.2) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=(width * count + 1.6, 3.2), layout="constrained")  # 1.6: the legend
    panels = figure.subplots(1, count, sharey=True, squeeze=False)[0]
    return figure, list(panels)


def _svg(figure: Figure, panels: Sequence[Axes]) -> str:
    for panel in panels:
        panel.set_ylim(bottom=0)
        panel.grid(axis="y", color=GRID, lw=0.6)
        panel.set_axisbelow(True)
        panel.tick_params(length=0)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _themed(buffer.getvalue())


def _themed(svg: str) -> str:
    """From the <svg> tag on, placeholder colours replaced by the page's variables, fonts by the page's font."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) width="([\d.]+)pt"', r'\1 style="width: \2pt"', svg, count=1)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 var(--font)", svg)
    for index, colour in enumerate(SERIES):
        svg = svg.replace(colour, f"var(--c{index})")
    return svg.replace(INK, "var(--ink)").replace(GRID, "var(--grid)")
