"""Tasks: tables with a question, generated from a known law or shipped with scikit-learn."""

from multilayer.data.tasks.lookup import TASKS, describe, get, names
from multilayer.data.tasks.task import Generated, Task

__all__ = ["TASKS", "Generated", "Task", "describe", "get", "names"]
