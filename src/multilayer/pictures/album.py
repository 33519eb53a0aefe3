"""All modules of pictures; importing them puts their pictures on the list."""

from multilayer.pictures import (
    calibration,
    confusion,
    curves,
    predicted,
    sample,
)

ALBUM = (curves, confusion, calibration, sample, predicted)
