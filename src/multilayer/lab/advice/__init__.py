"""What the curves and the network show when a training has ended, in words, with the option that helps."""

from multilayer.lab.advice.observing import observe_member, observe_rows
from multilayer.lab.advice.rules import RULES, Advice, advise

__all__ = ["RULES", "Advice", "advise", "observe_member", "observe_rows"]
