"""All modules of pictures; importing them puts their pictures on the list, in the order below."""

from multilayer.pictures import (
    activation_functions,
    boundary,
    calibration,
    confusion,
    curves,
    dead_units,
    dependence,
    first_layer,
    fit,
    gaussian_process,
    hinton,
    importances,
    layer_activations,
    layer_gradients,
    layer_updates,
    loss_functions,
    loss_surface,
    network_drawing,
    optimizer_paths,
    predicted,
    sample,
    surface,
    weight_paths,
)
from multilayer.pictures.registry import PICTURES

ALBUM = (
    boundary,
    curves,
    confusion,
    calibration,
    sample,
    predicted,
    surface,
    fit,
    gaussian_process,
    network_drawing,
    hinton,
    first_layer,
    layer_gradients,
    layer_activations,
    layer_updates,
    dead_units,
    weight_paths,
    loss_surface,
    optimizer_paths,
    importances,
    dependence,
    activation_functions,
    loss_functions,
)

PLACE = {module.__name__: place for place, module in enumerate(ALBUM)}
for name in sorted(PICTURES, key=lambda name: PLACE[PICTURES[name].draw.__module__]):
    PICTURES[name] = PICTURES.pop(name)
