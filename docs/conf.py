"""Sphinx: the Markdown pages of this folder as HTML (`make docs`)."""

from multilayer.version import __version__

project = "multilayer"
author = "The multilayer authors"
copyright = author
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.mathjax", "sphinx-mathjax-offline"]
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 4
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"multilayer {release}"
html_copy_source = False
html_show_sphinx = False
