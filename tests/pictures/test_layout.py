"""Nothing overlaps, nothing is cut off, and no name that a user may choose breaks a picture."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree

import pytest
from matplotlib.text import Text

from multilayer.pictures import LIGHT, Drawing, Picture, style
from tests.pictures.runs import HOSTILE, picture_of

PICTURES = (
    *(("moons", kind) for kind in ("boundary", "learning-curves", "confusion", "calibration", "sample")),
    *(("sine", kind) for kind in ("predicted", "fit", "neurons", "gaussian-process")),
    *(("hostile", kind) for kind in ("boundary", "confusion", "sample", "calibration")),
    *(("hostile_line", "boundary"), ("plane", "surface"), ("two_numbers", "predicted"), ("digits", "confusion")),
    ("digits", "boundary"),
)


def boxes(picture):
    """What is written outside the axes or at their edge: (text, box) of ticks, labels, titles and legends."""
    figure = picture.figure
    with style.applied(picture.theme):
        figure.draw_without_rendering()
    found = []
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        texts = [axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title]
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            for tick in axis.get_major_ticks():
                inside = min(low, high) <= tick.get_loc() <= max(low, high)
                texts += [tick.label1] if inside and tick.label1.get_visible() else []
        found += [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    for legend in figure.legends:
        found += [("the legend", legend.get_window_extent())]
    return found


def overlapping(picture):
    """Pairs of texts that lie over each other by more than a pixel."""
    pairs = itertools.combinations(boxes(picture), 2)
    return [(a, b) for (a, one), (b, other) in pairs if one.padded(-1).overlaps(other.padded(-1))]


def cut_off(picture):
    edge = picture.figure.bbox.padded(1)
    return [text for text, box in boxes(picture) if not (edge.contains(*box.min) and edge.contains(*box.max))]


@pytest.mark.parametrize(("name", "kind"), PICTURES)
def test_nothing_overlaps_and_nothing_is_cut_off(name, kind):
    picture = picture_of(name, kind)
    assert overlapping(picture) == []
    assert cut_off(picture) == []


def test_an_overlap_and_a_cut_are_found():
    with style.applied(LIGHT):
        figure = style.figure(2)
        axes = figure.subplots()
        axes.set_xticks([0, 0.05], ["a long name", "another one"])
        axes.set_xlim(0, 1)
        picture = Picture.of("x", LIGHT, Drawing(figure, "", ""))
        axes.set_ylabel("y" * 60)
    assert ("a long name", "another one") in overlapping(picture)
    assert cut_off(picture) == ["y" * 60]


@pytest.mark.parametrize("kind", ["boundary", "confusion", "sample", "calibration"])
def test_hostile_names_are_drawn_as_they_are(kind):
    """Warnings are errors here: a missing letter or a mathematical text would raise one."""
    picture = picture_of("hostile", kind)
    ElementTree.fromstring(picture.svg())
    if kind != "calibration":
        texts = {text.get_text() for text in picture.figure.findobj(Text)}
        assert {"_hidden", "<b>bold</b>"} <= texts
        assert any(text.startswith("$x^2$ & 5") for text in texts)
        assert any(text.startswith("\\frac{1}{0") for text in texts)
        assert "(empty)" in texts


def test_letters_without_a_font_become_boxes(monkeypatch):
    from multilayer.pictures import lettering

    lettering._font_for.cache_clear()
    monkeypatch.setattr("matplotlib.font_manager.fontManager.ttflist", [])
    assert lettering.label("猫 a") == "□ a"
    lettering._font_for.cache_clear()


def test_letters_of_another_font_are_drawn_in_it():
    """Matplotlib brings fonts with letters that its first one lacks; a missing one would warn, which is an error."""
    from multilayer.pictures import lettering

    letter = "\u1d81"
    assert lettering.label(letter) == letter
    with style.applied(LIGHT):
        figure = style.figure(1)
        figure.subplots().set_xticks([0], [letter])
        picture = Picture.of("x", LIGHT, Drawing(figure, "", ""))
    assert lettering._font_for(letter) not in ("", lettering.OWN_FONT)
    assert picture.png()


def test_there_are_names_of_every_hostile_kind():
    assert len(HOSTILE) == len(set(HOSTILE)) == 8


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["boundary", "confusion", "sample"])
def test_text_stands_out_from_what_is_behind_it(kind, theme):
    """Every text outside a cell is ink or faint ink; in a cell it is the better of ink and paper."""
    picture = picture_of("moons", kind, theme)
    paper = picture.theme.paper
    for text in picture.figure.findobj(Text):
        if not text.get_text():
            continue
        behind = paper
        if kind == "confusion" and text.axes and text in text.axes.texts:
            column, row = (round(place) for place in text.get_position())
            image = text.axes.images[0]
            behind = image.cmap(image.norm(image.get_array()[row, column]))
        assert style.contrast(text.get_color(), behind) >= 4
