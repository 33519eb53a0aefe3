"""Pictures and animations as files and in notebooks: the same bytes twice, whole or not at all."""

from __future__ import annotations

import io
import os
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image

from multilayer.errors import UsageError
from multilayer.pictures import LIGHT, Animation, Drawing, Picture, drawn, style
from multilayer.pictures.registry import PICTURES
from tests.pictures.runs import run_of


@pytest.fixture(scope="module")
def picture() -> Picture:
    return run_of("moons").plot("confusion")


@pytest.fixture(scope="module")
def animation() -> Animation:
    return run_of("moons").plot("boundary-training", frames=3)


def test_the_same_bytes_twice(picture):
    again = run_of("moons").plot("confusion")
    assert picture.png() == picture.png() == again.png()
    assert picture.svg() == picture.svg() == again.svg()
    assert picture.png() == again.png()  # after the SVG as before it


def test_no_date_and_no_maker(picture):
    assert b"date" not in picture.svg().lower()
    assert set(Image.open(io.BytesIO(picture.png())).info) == {"Description", "dpi"}


def test_the_words_travel_with_the_file(picture):
    root = ElementTree.fromstring(picture.svg())
    assert root.findtext("{http://www.w3.org/2000/svg}title") == picture.alt
    assert Image.open(io.BytesIO(picture.png())).info["Description"] == picture.alt


def test_saved_whole(picture, tmp_path):
    for name, content in (("a.png", picture.png()), ("b.SVG", picture.svg())):
        assert picture.save(tmp_path / name).read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.SVG"]


def test_a_picture_that_cannot_be_saved_leaves_the_old_one(picture, tmp_path, monkeypatch):
    place = tmp_path / "a.png"
    place.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        picture.save(place)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert place.read_bytes() == b"old"


def test_other_endings_and_folders_are_refused(picture, animation, tmp_path):
    with pytest.raises(UsageError) as error:
        picture.save("a.jpg")
    assert str(error.value) == "A picture is saved as .png or .svg, got 'a.jpg'."
    with pytest.raises(UsageError) as error:
        animation.save("a.svg")
    assert str(error.value) == "An animation is saved as .gif or .png, got 'a.svg'."
    with pytest.raises(UsageError) as error:
        picture.save(os.path.join("nowhere", "a.png"))
    assert str(error.value) == "There is no folder 'nowhere' to save a picture in."


def test_in_a_notebook(picture, animation):
    assert picture._repr_png_() == picture.png()
    for shown, kind in ((picture, "png"), (animation, "gif")):
        html = ElementTree.fromstring(shown._repr_html_().replace('520px">', '520px"/>'))
        assert html.find("img").get("alt") == shown.alt
        assert html.find("img").get("src").startswith(f"data:image/{kind};base64,")
        assert html.findtext("figcaption") == shown.caption


def test_hostile_captions_are_text_in_a_notebook():
    with style.applied(LIGHT):
        made = Picture.of("x", LIGHT, Drawing(style.figure(1), "<script>", '"><script>'))
    assert "<script>" not in made._repr_html_()


def test_an_animation_is_the_same_bytes_twice_and_holds_its_last_frame(animation):
    assert animation.gif() == animation.gif()
    assert animation.apng() == animation.apng()
    for content in (animation.gif(), animation.apng()):
        image = Image.open(io.BytesIO(content))
        assert image.n_frames == len(animation.frames) == 3
        image.seek(2)
        assert image.info["duration"] == 2500
    assert len({Image.open(io.BytesIO(frame)).size for frame in animation.frames}) == 1
    assert animation.still == animation.frames[-1]


def test_paper_is_exact_in_a_gif(animation):
    image = Image.open(io.BytesIO(animation.gif())).convert("RGB")
    assert "#{:02x}{:02x}{:02x}".format(*image.getpixel((1, 1))) == LIGHT.paper


def test_a_picture_of_a_run_needs_one():
    with pytest.raises(UsageError) as error:
        drawn("boundary")
    assert str(error.value) == "The picture boundary is of a run: use run.plot('boundary')."


def test_every_entry_says_what_it_shows():
    for name, entry in PICTURES.items():
        assert name == entry.name == name.lower().replace("_", "-")
        assert entry.shows[0].islower()
        assert not entry.shows.endswith(".")
        assert entry.draw.__doc__
