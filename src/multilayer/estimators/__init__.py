"""scikit-learn's face: estimators that fit its pipelines, searches and tests."""

from multilayer.estimators.autoencoder import MLPAutoencoder
from multilayer.estimators.fitting import DivergenceWarning
from multilayer.estimators.mlp import MLPClassifier, MLPRegressor
from multilayer.estimators.rows import UnscaledWarning

__all__ = ["DivergenceWarning", "MLPAutoencoder", "MLPClassifier", "MLPRegressor", "UnscaledWarning"]
