from __future__ import annotations

from tests.figures import FIGURES, page


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
    recorded = request.config.stash[FIGURES]
    before = len(recorded)
    try:
        figure("a third", 1 / 3)
        assert recorded[before:] == [("tests/test_figures.py::test_a_figure_is_recorded", "a third", "0.33333")]
    finally:
        del recorded[before:]
