"""Figures, drawn once and shown twice: inside the page in its colours, and as files (SVG, PDF) for papers.

matplotlib draws with a palette. The page's palette holds placeholder colours, which become CSS variables in the SVG
text (`--c0` ... for series, `--ink`, `--grid`), so one drawing serves the light and the dark theme. The palette of the
files holds plain colours on white. Text stays text. The output is deterministic: no dates, fixed ids.
"""

import io
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import matplotlib.style
from deskcheck_conf import write_atomic
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from deskcheck_evals.measures import Measure

Panels = Mapping[str, Mapping[str, Mapping[int, Measure]]]
"""Panel -> line -> k -> measure."""
logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells every table of a font that a PDF embeds

MOST_IN_ROW = 3
"""Panels side by side: more would be too small to read."""
MOST_MARKED = 25
"""Points of a line over steps that are marked one by one."""
LEAST_TOP = 5
"""Points that an axis shows at least: all zeros are flat and not a scale of hundredths."""


class Point(NamedTuple):
    """A value and the band around it."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Palette:
    """The colours of one way of showing. Colour 0 of the series is a grey, for what others are compared with."""

    ink: str
    grid: str
    series: tuple[str, ...]


PAGE = Palette("#010101", "#020202", tuple(f"#0{i}0{i}f{i}" for i in range(8)))
PRINT = Palette(
    "#20242b",
    "#d9dce1",
    ("#7d828c", "#1b7f5c", "#2f62c9", "#c2701c", "#8b4bb5", "#b03a5b", "#17808f", "#6d6a1a"),
)
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "h")
DASHES = ((0, (1, 1.5)), (0, (5, 2)), "solid", (0, (5, 2, 1, 2)), "solid", (0, (5, 2)), (0, (1, 1.5)), "solid")
"""Lines differ without their colours too."""


@dataclass(frozen=True)
class Drawing:
    """One figure; its caption is also its text for readers who do not see it."""

    caption: str
    draw: Callable[[Palette], Figure]
    panels: int = 1

    def inline(self) -> str:
        """The SVG element for a page that defines the colours as CSS variables."""
        with matplotlib.rc_context(_style(PAGE)):
            return _themed(_saved(self.draw(PAGE), "svg", transparent=True).decode())

    def write(self, path: Path) -> None:
        """The figure as a file, by its suffix: .svg or .pdf."""
        with matplotlib.rc_context(_style(PRINT)):
            write_atomic(path, _saved(self.draw(PRINT), path.suffix[1:], transparent=False))


def curves_figure(panels: Panels, caption: str, *, ylabel: str = "problems solved, %", gains: bool = False) -> Drawing:
    """Lines over k with 95 % bands, a panel a run; with `gains` around a line at nought, what they are gains over."""
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))

    def draw(palette: Palette) -> Figure:
        figure, axes = _axes(len(panels), palette)
        for panel, (title, lines) in zip(axes, panels.items(), strict=True):
            for name, measures in lines.items():
                points = {k: Point(i.mean, i.low, i.high) for k, i in ((k, m.interval) for k, m in measures.items())}
                _line(panel, points, names.index(name) + gains, name, palette, scale=100)
            if gains:
                panel.axhline(0, color=palette.series[0], lw=1)
            panel.set_title(title, fontsize=10)
            panel.set_xlabel("k candidates")
            panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        for panel in axes[::MOST_IN_ROW]:
            panel.set_ylabel(ylabel)
        low, high = axes[0].get_ylim()  # shared by all
        if not gains and high - low < 1:
            axes[0].set_ylim(max(0, high - LEAST_TOP), max(high, LEAST_TOP))
        _legend(axes)
        return figure

    return Drawing(caption, draw, len(panels))


def steps_figure(
    panels: Mapping[str, Mapping[str, Mapping[int, Point]]],
    caption: str,
    ylabel: str,
    *,
    scale: float = 1,
    logarithmic: bool = False,
) -> Drawing:
    """Lines over training steps with bands, a panel an environment and a line a run; values are shown times `scale`."""
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))

    def draw(palette: Palette) -> Figure:
        figure, axes = _axes(len(panels), palette)
        for panel, (title, lines) in zip(axes, panels.items(), strict=True):
            for name, points in lines.items():
                _line(
                    panel, points, 1 + names.index(name), name, palette, scale=scale, marked=len(points) <= MOST_MARKED
                )
            panel.set_title(title, fontsize=10)
            panel.set_xlabel("steps")
            panel.set_yscale("log" if logarithmic else "linear")
        for panel in axes[::MOST_IN_ROW]:
            panel.set_ylabel(ylabel)
        _legend(axes)
        return figure

    return Drawing(caption, draw, len(panels))


def bars_figure(groups: Mapping[str, Mapping[str, Measure]], caption: str, ylabel: str) -> Drawing:
    """Grouped bars with whiskers: run -> bar name -> measure; one group a bar name, one bar a run."""
    names = list(dict.fromkeys(name for measures in groups.values() for name in measures))
    width = 0.8 / len(groups)

    def draw(palette: Palette) -> Figure:
        figure, (panel,) = _axes(1, palette, width=max(3.7, 0.8 + 0.5 * len(names) * len(groups)))
        for index, (label, measures) in enumerate(groups.items()):
            colour = palette.series[1 + index % (len(palette.series) - 1)]
            shown = [(place, measures[name].interval) for place, name in enumerate(names) if name in measures]
            places = [place + (index - (len(groups) - 1) / 2) * width for place, _ in shown]
            heights = [100 * interval.mean for _, interval in shown]
            below = [100 * (interval.mean - interval.low) for _, interval in shown]
            above = [100 * (interval.high - interval.mean) for _, interval in shown]
            panel.bar(places, heights, width * 0.92, color=colour, label=label)
            panel.errorbar(places, heights, [below, above], fmt="none", ecolor=palette.ink, elinewidth=1, capsize=2.5)
        panel.set_xticks(range(len(names)), names)
        panel.set_ylabel(ylabel)
        panel.set_ylim(0, max(LEAST_TOP, panel.get_ylim()[1]))
        if len(groups) > 1:
            panel.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return figure

    return Drawing(caption, draw)


def _line(
    panel: Axes,
    points: Mapping[int, Point],
    index: int,
    name: str,
    palette: Palette,
    *,
    scale: float,
    marked: bool = True,
) -> None:
    """One line and its band, whose edges are drawn so that bands that overlap can be told apart."""
    xs = sorted(points)
    look = index % len(palette.series)
    colour = palette.series[look]
    mean, low, high = ([scale * points[x][part] for x in xs] for part in range(3))
    panel.fill_between(xs, low, high, color=colour, alpha=0.07, lw=0)
    for edge in (low, high):
        panel.plot(xs, edge, color=colour, lw=0.7, alpha=0.55)
    marker = MARKERS[look] if marked else None
    panel.plot(xs, mean, color=colour, lw=1.8, ls=DASHES[look], marker=marker, ms=4, label=name)


def _legend(axes: Sequence[Axes]) -> None:
    """All lines of the figure, beside its first row of panels."""
    lines = {label: line for panel in axes for line, label in zip(*panel.get_legend_handles_labels(), strict=True)}
    panel = axes[min(len(axes), MOST_IN_ROW) - 1]
    panel.legend(lines.values(), lines.keys(), loc="upper left", bbox_to_anchor=(1.01, 1.0))


def _axes(count: int, palette: Palette, width: float = 3.6) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels, at most MOST_IN_ROW side by side."""
    across = min(count, MOST_IN_ROW)
    down = -(-count // across)
    figure = Figure(figsize=(width * across + 1.5, 3.1 * down), layout="constrained")  # 1.5: the legend
    axes: Sequence[Axes] = list(figure.subplots(down, across, sharey=True, squeeze=False).flat)
    for panel in axes[count:]:
        panel.set_visible(False)
    for panel in axes[:count]:
        panel.grid(axis="y", color=palette.grid, lw=0.6)
        panel.set_axisbelow(True)
        panel.tick_params(length=0, labelleft=True)
    return figure, list(axes[:count])


def _style(palette: Palette) -> dict[Any, Any]:
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": "deskcheck",
        "text.parse_math": False,  # a label may hold a dollar sign
        "pdf.fonttype": 42,
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.edgecolor": palette.grid,
        "axes.labelcolor": palette.ink,
        "text.color": palette.ink,
        "xtick.color": palette.ink,
        "ytick.color": palette.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }


_NO_DATES = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}


def _saved(figure: Figure, kind: str, *, transparent: bool) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, transparent=transparent, metadata=_NO_DATES[kind])
    return buffer.getvalue()


def _themed(svg: str) -> str:
    """From the <svg> tag on, placeholder colours replaced by the page's variables, fonts by the page's font."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) width="([\d.]+)pt"', r'\1 style="width: \2pt"', svg, count=1)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 var(--font)", svg)
    for index, colour in enumerate(PAGE.series):
        svg = svg.replace(colour, f"var(--c{index})")
    return svg.replace(PAGE.ink, "var(--ink)").replace(PAGE.grid, "var(--grid)")
