"""Figures: one drawing for the page and for files; nothing of a label is read as anything but text."""

import re
import xml.etree.ElementTree as ET

import pytest
from deskcheck_evals.figures import PAGE, PRINT, bars_figure, curves_figure
from deskcheck_evals.intervals import Interval
from deskcheck_evals.measures import Measure, Statistics, gain_measures


def measure(mean: float, width: float = 0.1) -> Measure:
    return Measure("m", [mean], ["p"], Interval(mean, mean - width, mean + width, 1))


def lines(*means: float) -> dict[int, Measure]:
    return {k: measure(mean) for k, mean in enumerate(means, 1)}


PANELS = {
    label: {"pass@k": lines(0.2, 0.4, 0.5), "best@k simulate": lines(0.2, 0.3, 0.35)}
    for label in ("a <b> & 'c' $x_1$", "second", "third", "fourth")
}


def test_the_page_gets_its_own_colours_and_the_files_plain_ones(tmp_path):
    drawing = curves_figure(PANELS, "caption")
    inline = drawing.inline()
    assert inline.startswith("<svg") and "var(--c0)" in inline and "var(--ink)" in inline
    assert not re.search("|".join((*PAGE.series, PAGE.ink, PAGE.grid)), inline), "no placeholder is left"
    drawing.write(tmp_path / "f.svg")
    drawing.write(tmp_path / "f.pdf")
    svg = (tmp_path / "f.svg").read_text()
    assert PRINT.series[0] in svg and "var(" not in svg and (tmp_path / "f.pdf").read_bytes().startswith(b"%PDF-")
    first = (tmp_path / "f.pdf").read_bytes()
    drawing.write(tmp_path / "f.pdf")
    assert (tmp_path / "f.pdf").read_bytes() == first, "the same drawing, the same bytes"


def test_labels_are_text(tmp_path):
    curves_figure(PANELS, "caption").write(tmp_path / "f.svg")
    words = {
        "".join(element.itertext()).strip()
        for element in ET.parse(tmp_path / "f.svg").iter()
        if element.tag.endswith("text")
    }
    assert {"a <b> & 'c' $x_1$", "second", "third", "fourth", "pass@k", "k candidates"} <= words


def size(panels) -> tuple[float, float]:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', curves_figure(panels, "").inline())
    assert found is not None
    return float(found[1]), float(found[2])


def test_a_fourth_panel_begins_a_row():
    wide, tall = size({name: PANELS[name] for name in list(PANELS)[:3]}), size(PANELS)
    assert wide[0] == tall[0] and tall[1] == pytest.approx(2 * wide[1])


def test_bars_of_nothing_keep_a_scale_of_points():
    inline = bars_figure({"run": {"pass@1": measure(0.0, 0.0)}}, "caption", "right, %").inline()
    assert ">5<" in re.sub(r"\s", "", inline) and "0.0005" not in inline


def test_curves_of_nothing_keep_a_scale_of_points():
    flat = {k: measure(0.0, 0.0) for k in (1, 2)}
    inline = re.sub(r"\s", "", curves_figure({"run": {"pass@k": flat}}, "caption").inline())
    assert ">5<" in inline and "0.04" not in inline


def test_gains_are_paired_with_a_random_pick():
    def points(name: str, *rows: list[float]) -> dict[int, Measure]:
        problems = ["p", "q", "r"]
        return {
            k: Measure(name.replace("@k", f"@{k}"), row, problems, Interval(sum(row) / 3, 0, 1, 3))
            for k, row in enumerate(rows, 1)
        }

    curves = {
        "pass@k": points("pass@k", [0.0, 0.5, 1.0], [0.0, 1.0, 1.0]),
        "best@k simulate": points("best@k simulate", [0.0, 0.5, 1.0], [0.1, 0.6, 1.1]),
    }
    gains = gain_measures(curves, Statistics(resamples=100))
    assert list(gains) == ["best@k simulate"]
    gain = gains["best@k simulate"][2].interval
    assert gain.mean == pytest.approx(0.1) and gain.low == pytest.approx(gain.high), "equal gains have no spread"
    assert gain_measures({"pass@k": points("pass@k", [1.0] * 3), "x@k": {}}, Statistics(10))["x@k"] == {}
    assert gain_measures({"pass@k": {5: measure(0.5)}}, Statistics(10)) == {}
