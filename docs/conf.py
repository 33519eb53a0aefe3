"""Sphinx: the Markdown pages of this folder as HTML (`make docs`)."""

import sys
from pathlib import Path

from multilayer.version import __version__

sys.path.insert(0, str(Path(__file__).parent))  # gallery.py

project = "multilayer"
author = "The multilayer authors"
copyright = author
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.mathjax", "sphinx-mathjax-offline", "gallery"]
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 4
exclude_patterns = ["_build", "_pictures"]
nitpicky = True

html_theme = "furo"
html_title = f"multilayer {release}"
html_copy_source = False
html_show_sphinx = False
