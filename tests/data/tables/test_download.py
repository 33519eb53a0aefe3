"""Fetching a file from a server of our own: whole, broken, resumed, and another than it should be."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator

import pytest

from multilayer.data.tables import named
from multilayer.data.tables.download import fetch
from multilayer.errors import DataError

CONTENT = bytes(range(256)) * 2000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `CONTENT` under any name but /none; breaks off after `breaks` bytes where that is set."""

    breaks: int | None = None
    ranges = True
    content = CONTENT

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        if self.path == "/none":
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.ranges else 0
        rest = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.server.breaks])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def test_a_file_is_fetched_once(server, tmp_path, capsys):
    place = fetch(f"{server.url}a.gz", tmp_path / "new" / "a.gz", DIGEST)
    assert place.read_bytes() == CONTENT
    assert capsys.readouterr() == ("", "Fetched a.gz.\n")
    fetch(f"{server.url}a.gz", place, DIGEST)
    assert server.asked == [None]
    assert [found.name for found in place.parent.iterdir()] == ["a.gz"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_line_is_taken_up_again(server, tmp_path, ranges):
    server.breaks, server.ranges = 300_000, ranges
    with pytest.raises(DataError) as caught:
        fetch(f"{server.url}a.gz", tmp_path / "a.gz", DIGEST)
    assert str(caught.value).startswith(f"{server.url}a.gz cannot be fetched: ")
    assert str(caught.value).endswith("Try again, or put a.gz into a folder and name that in MULTILAYER_DATA.")
    assert (tmp_path / "a.gz.part").stat().st_size == 300_000
    assert not (tmp_path / "a.gz").exists()
    server.breaks = None
    assert fetch(f"{server.url}a.gz", tmp_path / "a.gz", DIGEST).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-"]


def test_another_file_is_thrown_away(server, tmp_path):
    server.content = CONTENT[1:]
    with pytest.raises(DataError) as caught:
        fetch(f"{server.url}a.gz", tmp_path / "a.gz", DIGEST)
    said = "is not the file it should be: its SHA-256 is another. It was thrown away; try again."
    assert str(caught.value) == f"{server.url}a.gz {said}"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there(server, tmp_path):
    with pytest.raises(DataError) as caught:
        fetch(f"{server.url}none", tmp_path / "a.gz", DIGEST)
    do = "Put a.gz into a folder and name that in MULTILAYER_DATA."
    assert str(caught.value) == f"{server.url}none cannot be fetched: 404 Not Found. {do}"


def test_a_data_set_by_name_goes_where_the_system_keeps_such(server, tmp_path, monkeypatch):
    monkeypatch.delenv("MULTILAYER_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(named.NAMED, "mnist", named.Named(server.url, (DIGEST,) * 4))
    assert named.folder_of("mnist") == tmp_path / "multilayer" / "mnist"
    assert {place.name for place in (tmp_path / "multilayer" / "mnist").iterdir()} == set(named.FILES)
    monkeypatch.setenv("MULTILAYER_DATA", str(tmp_path / "none"))
    with pytest.raises(DataError, match=r"^MULTILAYER_DATA must be a folder, but there is none at "):
        named.folder_of("mnist")
