"""scikit-learn's face: estimators that fit its pipelines, searches and tests."""

from multilayer.estimators.autoencoder import MLPAutoencoder
from multilayer.estimators.fitting import DivergenceWarning
from multilayer.estimators.mlp import MLPClassifier, MLPRegressor
from multilayer.estimators.rows import UnscaledWarning
from multilayer.estimators.saving import load_estimator, save_estimator
from multilayer.estimators.search import PopulationSearchCV
from multilayer.estimators.tabular import TabularMLPClassifier, TabularMLPRegressor

__all__ = [
    "DivergenceWarning",
    "MLPAutoencoder",
    "MLPClassifier",
    "MLPRegressor",
    "PopulationSearchCV",
    "TabularMLPClassifier",
    "TabularMLPRegressor",
    "UnscaledWarning",
    "load_estimator",
    "save_estimator",
]

STORED = ("MLPAutoencoder", "MLPClassifier", "MLPRegressor", "TabularMLPClassifier", "TabularMLPRegressor")
"""What a model file may hold."""
