"""Pictures, IDX files, arrays with a test part, fixed splits, and data sets by name."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from PIL import Image

import multilayer as ml
from multilayer.data import Encoding, Preparation
from multilayer.data.tables import read, read_rows
from multilayer.errors import DataError
from tests.data.tables.files import idx, write


def picture(place, color, size=(8, 6), mode="RGB"):
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(place)
    return place


@pytest.fixture
def pets(tmp_path):
    for number in range(10):
        picture(tmp_path / "pets" / "cat" / f"{number}.png", (10 * number, 0, 250))
        picture(tmp_path / "pets" / "dog" / f"{number}.jpg", (250, 10 * number, 0))
    return tmp_path / "pets"


def test_a_folder_with_a_folder_for_each_class(pets):
    reading = read(pets)
    assert [str(guess) for guess in reading.guesses] == [
        "20 color pictures in 2 folders: cat and dog.",
        "All pictures have 8 x 6 pixels, and keep them. (--image-size)",
        "Each channel is centered and scaled as a whole. (--prepare)",
    ]
    assert repr(reading.dataset) == "Dataset('pets': 20 rows, 144 columns, binary target)"
    assert reading.dataset.column_names[:4] == ("red 1,1", "green 1,1", "blue 1,1", "red 1,2")
    assert reading.dataset.columns[0].values[:3].tolist() == [0, 10, 20]
    run = ml.train(pets, epochs=30, hidden=[4])
    assert run.question.preparation == Preparation(inputs="channel")
    assert run.scores["test"]["accuracy"] == 1.0
    rows = read_rows(pets / "dog" / "3.jpg", run.preparation.encoding).cells
    assert run.predict(rows).tolist() == ["dog"]
    assert run.predict(read_rows(pets, run.preparation.encoding).cells).tolist() == ["cat"] * 10 + ["dog"] * 10


def test_a_channel_has_one_mean_and_one_deviation(pets):
    dataset = read(pets).dataset
    encoding = Encoding.of(dataset)
    matrix = encoding.matrix(dataset)
    rows = np.arange(0, 20, 2)
    fitted = Preparation(inputs="channel").fit(encoding, matrix, dataset.target, rows)
    for channel in range(3):
        pixels = matrix[rows][:, channel::3].astype(float)
        np.testing.assert_allclose(fitted.center[channel::3], pixels.mean(), rtol=1e-12)
        np.testing.assert_allclose(fitted.factor[channel::3], 1 / pixels.std(), rtol=1e-9)


def test_pictures_of_many_sizes_are_resized(tmp_path):
    for number, size in enumerate([(8, 8), (30, 20), (5, 9), (100, 40)]):
        picture(tmp_path / "ab"[number % 2] / f"{number}.png", 10 * number, size, "L")
    reading = read(tmp_path)
    assert str(reading.guesses[1]) == "Pictures are resized to 32 x 32 pixels. (--image-size)"
    assert len(reading.dataset.columns) == 1024
    assert len(read(tmp_path, image_size=5).dataset.columns) == 25


def test_transparent_parts_are_white(tmp_path):
    for number in range(2):
        picture(tmp_path / "ab"[number] / "x.png", (0, 0, 0, 0), (2, 2), "RGBA")
    assert set(read(tmp_path).dataset.columns[0].values) == {255}


def test_pictures_that_cannot_be_read(tmp_path):
    place = write(tmp_path / "a" / "x.png", b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(DataError, match="must hold a folder of pictures for each class, at least two; it has 1"):
        read(tmp_path)
    picture(tmp_path / "b" / "y.png", 0, (2, 2), "L")
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert str(caught.value) == f"The picture {str(place)!r} cannot be read: it is damaged or no picture."
    whole = picture(tmp_path / "whole.png", 0, (40, 40), "L").read_bytes()
    write(place, whole[:-40])
    with pytest.raises(DataError, match=r"^The picture '.*x\.png' cannot be read: "):
        read(tmp_path)


@pytest.fixture
def clothes(tmp_path):
    """A folder like Fashion-MNIST's, of 12 and 5 images of 3 x 2 pixels."""
    draw = np.random.default_rng(0)
    folder = tmp_path / "data" / "fashion-mnist"
    for part, count in (("train", 12), ("t10k", 5)):
        write(folder / f"{part}-images-idx3-ubyte.gz", gzip.compress(idx(draw.integers(0, 256, (count, 3, 2)))))
        write(folder / f"{part}-labels-idx1-ubyte.gz", gzip.compress(idx(np.arange(count) % 3)))
    return folder


def test_idx_files_and_their_name(clothes, monkeypatch):
    reading = read(clothes)
    assert str(reading.guesses[0]) == "IDX files: 17 images, the last 5 are the test part."
    assert (reading.n_test, reading.images) == (5, True)
    assert reading.dataset.target.values.tolist() == [*np.arange(12) % 3, *np.arange(5) % 3]
    assert reading.dataset.column_names == ("gray 1,1", "gray 1,2", "gray 2,1", "gray 2,2", "gray 3,1", "gray 3,2")
    monkeypatch.setenv("MULTILAYER_DATA", str(clothes.parent))
    by_name = ml.train("fashion_mnist", epochs=1, hidden=[2], splitting=ml.Splitting(0.75, 0.25, 0))
    assert by_name.rows == {"train": 9, "val": 3, "test": 5}
    monkeypatch.setenv("MULTILAYER_DATA", str(clothes))
    assert read("fashion-mnist").dataset.n_samples == 17
    images = clothes / "t10k-images-idx3-ubyte.gz"
    assert by_name.predict(read_rows(images, by_name.preparation.encoding).cells).shape == (5,)


def test_arrays_with_a_test_part(tmp_path):
    draw = np.random.default_rng(0)
    arrays = {"x": draw.normal(size=(12, 3)), "y": np.arange(12) % 2}
    np.savez(tmp_path / "one.npz", **arrays, x_test=draw.normal(size=(4, 3)), y_test=np.arange(4) % 2)
    reading = read(tmp_path / "one.npz")
    assert (reading.dataset.n_samples, reading.n_test, reading.images) == (16, 4, False)
    assert [str(guess) for guess in reading.guesses] == [
        "The rows are 'x' and the answers 'y'.",
        "'x_test' and 'y_test' are the test part.",
    ]
    assert reading.dataset.columns[0].values[:12].tolist() == arrays["x"][:, 0].tolist()


def test_fixed_splits(tmp_path):
    data = np.column_stack([np.arange(10.0), np.arange(10.0) ** 2, np.arange(10.0) * 0.5])
    folder = tmp_path / "yacht" / "data"
    folder.mkdir(parents=True)
    parts = {"data": data, "index_features": [0, 1], "index_target": [2]}
    for fold, test in enumerate(([3, 1], [9, 0])):
        parts |= {f"index_test_{fold}": test, f"index_train_{fold}": [row for row in range(10) if row not in test]}
    for name, numbers in parts.items():
        np.savetxt(folder / f"{name}.txt", numbers)
    reading = read(tmp_path / "yacht", fold=1)
    assert reading.dataset.columns[0].values.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert str(reading.guesses[0]) == "Fixed split 1 of 2: 8 rows train, 2 are the test part. (--fold)"
    with pytest.raises(DataError, match="has 2 fixed splits, counted from 0; there is no fold 2"):
        read(tmp_path / "yacht", fold=2)
