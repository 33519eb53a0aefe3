"""The report of a run: one HTML file that answers the question, says how sure that is, and how to get it again."""

from multilayer.report.page import page, write
from multilayer.report.reported import Reported

__all__ = ["Reported", "page", "write"]
