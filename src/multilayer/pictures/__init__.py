"""Every plot, one function each, found by its name; Matplotlib is imported when the first one is drawn."""

from multilayer.pictures.album import ALBUM
from multilayer.pictures.picture import Animation, Drawing, Picture
from multilayer.pictures.registry import PICTURES, Entry, drawn, picture, suiting
from multilayer.pictures.style import DARK, LIGHT, Theme
from multilayer.pictures.subject import Rows, Stage, Subject, Trained

__all__ = [
    "ALBUM",
    "DARK",
    "LIGHT",
    "PICTURES",
    "Animation",
    "Drawing",
    "Entry",
    "Picture",
    "Rows",
    "Stage",
    "Subject",
    "Theme",
    "Trained",
    "drawn",
    "picture",
    "suiting",
]
