"""All modules of pictures; importing them puts their pictures on the list."""

from multilayer.pictures import (
    boundary,
    calibration,
    confusion,
    curves,
    predicted,
    sample,
)

ALBUM = (boundary, curves, confusion, calibration, sample, predicted)
