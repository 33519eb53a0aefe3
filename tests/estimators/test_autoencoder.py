from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from multilayer.estimators import MLPAutoencoder, MLPClassifier, MLPRegressor

DRAW = np.random.default_rng(0)
TURN = DRAW.uniform(-3, 3, 300)
CURVED = np.c_[TURN, np.sin(2 * TURN), np.cos(2 * TURN)]
FLAT = DRAW.normal(size=(200, 2)) @ np.array([[2.0, 0.5, 1.0, 0.0], [0.0, 1.0, -0.5, 1.0]])
FLAT = FLAT + 0.05 * DRAW.normal(size=FLAT.shape)


def test_a_curve_is_given_back_better_than_by_a_line():
    """One number is enough for a curve in space, though no plane or line holds it."""
    autoencoder = MLPAutoencoder((32, 1, 32), activation="tanh", max_iter=300, learning_rate_init=0.01).fit(CURVED)
    line = PCA(1).fit(CURVED)
    by_line = ((line.inverse_transform(line.transform(CURVED)) - CURVED) ** 2).mean()
    assert -autoencoder.score(CURVED) < by_line / 3
    assert autoencoder.transform(CURVED).shape == (300, 1)


def test_without_a_bend_it_finds_the_subspace_of_pca():
    """Baldi & Hornik, Neural Networks 2 (1989), 53: the least squares optimum is the principal subspace."""
    X = FLAT - FLAT.mean(axis=0)
    autoencoder = MLPAutoencoder((2,), activation="identity", solver="lbfgs", alpha=0.0, tol=1e-9, max_iter=500).fit(X)
    pca = PCA(2).fit(X)
    decoder = autoencoder.decoder_.weights["0.W"]
    mine, theirs = (basis.T @ basis for basis in (np.linalg.qr(decoder.T)[0].T, pca.components_))
    np.testing.assert_allclose(mine, theirs, atol=1e-5)
    best = ((pca.inverse_transform(pca.transform(X)) - X) ** 2).mean()
    assert -autoencoder.score(X) == pytest.approx(best, rel=1e-6)


def test_encoder_and_decoder_are_the_network():
    autoencoder = MLPAutoencoder((8, 2, 8), activation="tanh", max_iter=3, input_scaling="standardize").fit(CURVED)
    back = autoencoder.inverse_transform(autoencoder.transform(CURVED))
    np.testing.assert_allclose(back, autoencoder.reconstruct(CURVED), rtol=1e-12)
    np.testing.assert_allclose(
        autoencoder.reconstruction_error(CURVED), ((back - CURVED) ** 2).mean(axis=1), rtol=1e-12
    )
    hidden = autoencoder.hidden(CURVED)
    codes = [layer for layer in hidden if layer.shape[1] == 2]
    np.testing.assert_allclose(autoencoder.transform(CURVED), codes[-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("loss", ["poisson", "gaussian_nll", "huber", "auto"])
def test_a_code_is_what_the_layer_gives_whatever_the_loss(loss):
    X = np.abs(FLAT)
    model = MLPAutoencoder((6, 2, 6), loss=loss, max_iter=3).fit(X)
    np.testing.assert_allclose(model.transform(X), model.hidden(X)[2], rtol=1e-6, atol=1e-9)
    assert model.get_feature_names_out().shape == (2,)
    np.testing.assert_allclose(model.inverse_transform(model.transform(X)), model.reconstruct(X), rtol=1e-6, atol=1e-9)


def test_the_code_is_the_narrowest_layer_and_has_its_own_activation():
    autoencoder = MLPAutoencoder((9, 2, 2, 9), activation="relu", max_iter=2).fit(CURVED)
    assert autoencoder.activations() == ["relu", "identity", "relu", "relu"]
    assert (autoencoder.transform(CURVED) < 0).any()
    bent = MLPAutoencoder((9, 2, 9), code_activation="sigmoid", max_iter=2).fit(CURVED).transform(CURVED)
    assert ((bent > 0) & (bent < 1)).all()
    assert autoencoder.get_feature_names_out().tolist() == ["mlpautoencoder0", "mlpautoencoder1"]


def test_noise_teaches_to_take_noise_away():
    """Vincent et al. (2008): rows are moved, and the rows as they were are to be given back."""
    noisy = CURVED + np.random.default_rng(1).normal(0, 0.3, CURVED.shape)
    settings = {"activation": "tanh", "max_iter": 150, "learning_rate_init": 0.01, "input_scaling": "none"}
    left = {
        noise: ((MLPAutoencoder((32, 3, 32), noise=noise, **settings).fit(CURVED).reconstruct(noisy) - CURVED) ** 2)
        .mean()
        for noise in (0.0, 0.3)
    }  # fmt: skip
    assert left[0.3] < 0.8 * left[0.0]
    assert left[0.3] < 0.8 * ((noisy - CURVED) ** 2).mean()


def test_its_layers_start_a_classifier():
    autoencoder = MLPAutoencoder((16, 2, 16), max_iter=20).fit(CURVED)
    y = np.where(np.sin(2 * TURN) > 0, "up", "down")
    for frozen in (0, 1, 2):
        model = MLPClassifier((16, 2), activation=["relu", "identity"], max_iter=2)
        model.fit(CURVED, y, initial=autoencoder, frozen=frozen)
        kept = [np.array_equal(a, b) for a, b in zip(model.coefs_, autoencoder.coefs_, strict=False)][:2]
        assert kept == [frozen > 0, frozen > 1]
    whole = MLPClassifier((16, 2), activation=["relu", "identity"], max_iter=1, learning_rate_init=1e-12)
    whole.fit(CURVED, y, initial=autoencoder)
    code = [layer for layer in whole.hidden(CURVED) if layer.shape[1] == 2][-1]
    np.testing.assert_allclose(code, autoencoder.transform(CURVED), atol=1e-6)


REFUSED = {
    "another width": (
        lambda: MLPClassifier((5,)).fit(CURVED, TURN > 0, initial=MLPAutoencoder((4, 2), max_iter=1).fit(CURVED)),
        "initial must share the first layer's shape (3, 5), got (3, 4).",
    ),
    "too many frozen": (
        lambda: MLPRegressor((5,), max_iter=1).fit(CURVED, TURN, frozen=2),
        "frozen must be a whole number from 0 to 1, got 2.",
    ),
    "no layer": (
        lambda: MLPAutoencoder(()).fit(CURVED),
        "hidden_layer_sizes of an autoencoder must have at least one layer, the code.",
    ),
    "a gap": (
        lambda: MLPAutoencoder((2,), max_iter=1).fit(CURVED).transform([[0.0, np.nan, 1.0]]),
        "X must hold no NaN, got one in row 0 of column 1. Fill it before.",
    ),
    "a code too wide": (
        lambda: MLPAutoencoder((2,), max_iter=1).fit(CURVED).inverse_transform([[0.0, 1.0, 2.0]]),
        "X must have 2 columns, the width of the code, got 3.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_a_sentence(call, expected):
    with pytest.raises(ValueError, match=r".+") as refused:
        call()
    assert str(refused.value) == expected


def test_rows_unlike_the_training_are_given_back_worse():
    autoencoder = MLPAutoencoder((16, 1, 16), activation="tanh", max_iter=100, learning_rate_init=0.01).fit(CURVED)
    odd = CURVED * [1, -1, -1] + [0, 1.5, 1.5]
    assert np.median(autoencoder.reconstruction_error(odd)) > 5 * np.median(autoencoder.reconstruction_error(CURVED))


def test_it_is_a_transformer_like_others():
    autoencoder = MLPAutoencoder((8, 2, 8), max_iter=3)
    assert clone(autoencoder).get_params() == autoencoder.get_params()
    piped = make_pipeline(autoencoder, LogisticRegression()).fit(CURVED, TURN > 0)
    assert piped.predict(CURVED).shape == (300,)
    np.testing.assert_array_equal(autoencoder.fit_transform(CURVED), autoencoder.fit(CURVED).transform(CURVED))
    below = MLPAutoencoder((8, 2, 8), max_iter=3).fit(CURVED, X_val=CURVED[:20])
    assert len(below.validation_loss_curve_) == 3
    single = MLPAutoencoder((4, 2, 4), max_iter=2).fit(CURVED.astype(np.float32))
    assert single.transform(CURVED).dtype == single.reconstruct(CURVED).dtype == np.float32
