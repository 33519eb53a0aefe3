"""The style: colors that can be seen and told apart, and nothing of the process's left changed."""

from __future__ import annotations

import itertools
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from multilayer.errors import UsageError
from multilayer.pictures import DARK, LIGHT, style
from multilayer.pictures.lettering import label

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)

# Machado, Oliveira & Fernandes 2009, severity 1, for linear RGB
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def lab(color, matrix):
    """CIE L*a*b* (D65) of a color as seen through a deficiency."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(matrix @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    t = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@THEMES
def test_colors_stand_out_from_the_paper(theme):
    assert min(style.contrast(color, theme.paper) for color in theme.colors) >= 3
    assert style.contrast(theme.faint, theme.paper) >= 4.5
    assert style.contrast(theme.ink, theme.paper) >= 12


@THEMES
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_first_colors_are_told_apart_by_everyone(theme, blindness):
    """The three parts, and up to four classes: a just noticeable difference is about 2.3."""
    seen = [lab(color, BLINDNESS[blindness]) for color in theme.colors[:4]]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 8


def test_the_test_of_colors_finds_red_and_green():
    seen = [lab(color, BLINDNESS["deuteranopia"]) for color in ("#b05020", "#6f7a20")]
    assert np.linalg.norm(seen[0] - seen[1]) < 12


def test_settings_are_put_back_and_a_users_do_not_count():
    with matplotlib.rc_context({"lines.linewidth": 17, "font.size": 40}):
        before = dict(matplotlib.rcParams)
        with style.applied(LIGHT):
            assert matplotlib.rcParams["lines.linewidth"] == 1.8
            assert matplotlib.rcParams["text.parse_math"] is False
            assert matplotlib.rcParams["xtick.major.size"] == matplotlib.rcParamsDefault["xtick.major.size"]
        assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_imported_and_matplotlib_only_to_draw():
    code = (
        "import sys, multilayer.pictures; from multilayer.lab import train\n"
        "run = train('xor', hidden=[2], epochs=2); assert 'matplotlib' not in sys.modules\n"
        "run.plot('boundary').svg(); print('matplotlib.pyplot' in sys.modules, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_an_unknown_theme_is_refused():
    with pytest.raises(UsageError) as error:
        style.theme_of("darker")
    assert str(error.value) == "There is no theme 'darker'. Did you mean 'dark'? Known: dark, light."


def test_names_become_labels():
    assert label("a\tb\nc\x00d") == "a b c d"
    assert label("x" * 50) == "x" * 17 + "…"
    assert label("") == label(" \n") == "(empty)"
    assert label("$\\alpha$ <b> 100%") == "$\\alpha$ <b> 100%"
    assert "\U000e0041" not in label("a\U000e0041b")
