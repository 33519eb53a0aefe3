"""`MLPClassifier` and `MLPRegressor`: scikit-learn's names, this package's engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from sklearn.base import ClassifierMixin, RegressorMixin

from multilayer.constraints import Choice, Maybe
from multilayer.data import Preparation
from multilayer.estimators.answering import Classes, Numbers
from multilayer.estimators.calibration import best_temperature
from multilayer.estimators.network import NetworkEstimator
from multilayer.estimators.problem import Problem
from multilayer.estimators.scoring import with_networks


@dataclass(eq=False, repr=False)
class MLPClassifier(ClassifierMixin, Classes, NetworkEstimator):
    """A multilayer perceptron that classifies, under scikit-learn's parameters and some it has been asked for.

    Parameters that scikit-learn's MLPClassifier has keep their names and meaning; docs/estimators.md lists the
    defaults that differ. More of them:

    activation : one name for all hidden layers or a list, one for each; every one in `multilayer.nn.ACTIVATIONS`.
    solver : "adam", "sgd", "lbfgs", or any optimizer of `multilayer.optim`, as in "adamw" or "rmsprop(beta=0.95)".
    learning_rate : "constant", "invscaling", "adaptive", or any schedule ("cosine", "one_cycle", "step(every=30)" ...);
        "auto" is cosine for Adam and its relatives, constant for others. Schedules act on every solver but lbfgs.
    input_scaling : "standardize", "center" or "minmax" scales each column by the training rows, inside the model; by
        default X is taken as it is.
    n_hidden_layers : with one number in `hidden_layer_sizes`, how many such layers, so that searches can vary both.
    dropout, norm, weight_init, l1, weight_decay, noise, max_norm, clip_norm, loss : as in `multilayer.Recipe.of`.
    scoring : what chooses the epoch to keep: "loss", a metric of `multilayer.data.METRICS` or scikit-learn's name of
        it, or scorer(estimator, X_val, y_val). Given, it is measured on validation rows as with `early_stopping`, but
        the training goes to its end.
    class_weight : "balanced", or a weight for each class by label; multiplies `sample_weight`.
    calibration : "temperature" divides the logits by the number that gives the validation rows the least log loss.
    n_estimators : networks of different seeds, trained at once; their probabilities are averaged.
    verbose : True prints a line an epoch, "bar" draws a progress bar on standard error.
    time_limit : seconds after which the training ends with the epoch it is in.
    n_jobs : threads; all processors by default. The bits do not depend on it.
    random_state : 0 by default, so that the same fit gives the same bits; None draws one.

    The dtype of X decides the precision, as in scikit-learn; float32 is about twice as fast. A missing value (NaN)
    counts as its column's mean in training.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> MLPClassifier(max_iter=50).fit(X, y).score(X, y) > 0.95
    True
    """

    LEARNED: ClassVar[tuple[str, ...]] = (*NetworkEstimator.LEARNED, "classes_", "temperature_")
    class_weight: Any = None
    calibration: Annotated[Any, Maybe(Choice("temperature"))] = None

    @property
    def validates(self) -> bool:
        return self.early_stopping or self.scoring is not None or self.calibration is not None

    def _preparation(self) -> Preparation:
        return Preparation(inputs=self.input_scaling, target="none")

    def _learned(self, problem: Problem | None, val: Any) -> None:
        self.out_activation_ = "softmax" if self.models_[0].target.kind == "classes" else "logistic"
        if problem is None:
            return
        self.temperature_ = 1.0
        if self.calibration is not None and len(val):
            probs = with_networks(self, self.models_)._answer(problem.data.x[val])
            target = problem.dataset.target.take(val)
            weight = None if problem.dataset.weight is None else problem.dataset.weight[val]
            self.temperature_ = best_temperature(probs, target.values, weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@dataclass(eq=False, repr=False)
class MLPRegressor(RegressorMixin, Numbers, NetworkEstimator):
    """A multilayer perceptron that predicts numbers, one or several a row; parameters as for `MLPClassifier`.

    loss : "auto" (squared error), "poisson", "absolute_error", "huber(delta=1)", "quantile(q=0.9)", "gaussian_nll" ...,
        every loss for numbers in `multilayer.nn.losses`.
    target_scaling : "standardize" trains on (y - mean) / deviation and carries predictions back, so that the learning
        rate suits any unit; "none" trains on y as it is. Losses in `loss_curve_` are those of the scaled y. With a
        Poisson loss y stays as it is.

    >>> import numpy as np
    >>> X = np.linspace(-3, 3, 200)[:, None]
    >>> MLPRegressor().fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    LEARNED: ClassVar[tuple[str, ...]] = (*NetworkEstimator.LEARNED, "one_number_")
    target_scaling: Annotated[str, Choice("standardize", "none")] = "standardize"

    def _preparation(self) -> Preparation:
        return Preparation(
            inputs=self.input_scaling, target="none" if "poisson" in str(self.loss) else self.target_scaling
        )

    def _learned(self, problem: Problem | None, val: Any) -> None:
        self.out_activation_ = "exp" if self.models_[0].recipe.loss["name"] == "poisson" else "identity"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
