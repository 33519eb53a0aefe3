"""The libraries that multilayer is compared with, each in a file of its own, each at its best settings.

A module has `trainers(work)`, the settings in which it trains; how it predicts is in `prediction.py`.
"""
