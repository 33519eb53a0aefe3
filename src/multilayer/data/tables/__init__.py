"""Tables as they are: files read without preparation by hand, and what was guessed said in sentences."""

from multilayer.data.tables.guess import Guess
from multilayer.data.tables.named import is_named
from multilayer.data.tables.options import OPTIONS, TableOptions
from multilayer.data.tables.reading import Reading, read
from multilayer.data.tables.rows import Rows, read_rows, strangers

__all__ = ["OPTIONS", "Guess", "Reading", "Rows", "TableOptions", "is_named", "read", "read_rows", "strangers"]
