from __future__ import annotations

from pathlib import Path

from tests.figures import PROPERTY, page

ROOT = Path(__file__).parents[1]


def test_the_page_of_figures():
    figures = [("tests/b.py::two", "solved | of 100", "97"), ("tests/a.py::one", "worst error", "1.2e-11")]
    lines = page(figures, {"passed": 12, "failed": 0, "skipped": 1}, 90.0).splitlines()
    assert lines[0] == "# Acceptance"
    assert lines[6] == "- Outcome: 12 passed, 1 skipped in 2 min"
    assert lines[-2:] == [
        "| worst error | 1.2e-11 | `tests/a.py::one` |",
        "| solved \\| of 100 | 97 | `tests/b.py::two` |",
    ]


def test_a_figure_is_recorded(figure, request):
    figure("a third", 1 / 3)
    recorded = (PROPERTY, ("tests/test_figures.py::test_a_figure_is_recorded", "a third", "0.33333"))
    assert request.node.user_properties.pop() == recorded


def test_figures_reach_the_page_from_every_process(pytester):
    pytester.makeini(f"[pytest]\npythonpath = {ROOT}")
    pytester.makeconftest('pytest_plugins = ["tests.figures"]')
    test = "def test_it(figure):\n    figure('in {0}', 3)\n"
    pytester.makepyfile(**{f"test_{name}": test.format(name) for name in ("one", "two", "three")})
    for processes in ("0", "2"):
        run = pytester.runpytest_subprocess("--figures", "page.md", "--numprocesses", processes)
        run.assert_outcomes(passed=3)
        rows = (pytester.path / "page.md").read_text().splitlines()[-3:]
        assert rows == [f"| in {name} | 3 | `test_{name}.py::test_it` |" for name in ("one", "three", "two")]
