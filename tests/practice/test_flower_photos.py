"""Promises of `flowers_path`: photographs fetched once, unpacked safely, or an error with a way on.

A server on this machine stands in for the real address, and a small archive for the photographs.
"""

import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from colab_helpers import connect, flowers_path

CLASSES = ("daisy", "roses")
LICENCE = b"The photographers are listed below."
PACKED = {
    "flower_photos/LICENSE.txt": LICENCE,
    **{
        f"flower_photos/{name}/{number:03}.jpg": f"{name} {number}".encode()
        for name in CLASSES
        for number in range(6)
    },
}


FILES = {name.replace("flower_photos/", "flowers/"): data for name, data in PACKED.items()}


def archive_of(files=PACKED, links=()):
    """The bytes of a `.tgz`; each link is (name, where to, type)."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, target, kind in links:
            member = tarfile.TarInfo(name)
            member.type = kind
            member.linkname = target
            archive.addfile(member)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


class Server(ThreadingHTTPServer):
    """Serves one archive at one address, and counts how often."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = archive_of()
        self.cut_off_after = None
        self.status = 200
        self.requests = 0
        self.url = f"http://127.0.0.1:{self.server_port}/photos/flower_photos.tgz"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        self.server.requests += 1
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body[: self.server.cut_off_after])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("COLAB_HELPERS_DRIVE", raising=False)
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=30)


def files_below(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


def test_the_photos_lie_in_class_folders_beside_their_licence(server, tmp_path, capsys):
    root = flowers_path(tmp_path, origin=server.url)
    assert files_below(root) == FILES
    files = list(connect(root).list_images("flowers"))
    assert [file.label for file in files] == ["daisy"] * 6 + ["roses"] * 6
    assert "CC BY 2.0" in capsys.readouterr().out


def test_photos_that_are_there_are_not_fetched_again(server, tmp_path):
    root = Path(flowers_path(tmp_path, origin=server.url))
    (root / "flowers" / "daisy" / "000.jpg").unlink()
    assert flowers_path(tmp_path, origin=server.url) == str(root)
    assert server.requests == 1
    assert len(files_below(root)) == len(FILES) - 1


def test_a_smaller_sample_is_part_of_a_larger_one(server, tmp_path):
    samples = [files_below(flowers_path(tmp_path, per_class=n, origin=server.url)) for n in (2, 4)]
    smaller, larger = samples
    assert smaller.items() < larger.items() < FILES.items()
    assert len(smaller) == 1 + 2 * len(CLASSES)
    assert len(larger) == 1 + 4 * len(CLASSES)
    assert server.requests == 1


def test_a_sample_is_not_the_first_by_name(server, tmp_path):
    photos = files_below(flowers_path(tmp_path, per_class=3, origin=server.url))
    names = {name for name in photos if name.startswith("flowers/daisy")}
    assert names != {f"flowers/daisy/{number:03}.jpg" for number in range(3)}


def test_a_sample_larger_than_a_class_is_the_whole_class(server, tmp_path):
    assert files_below(flowers_path(tmp_path, per_class=100, origin=server.url)) == FILES


def test_another_address_gives_its_own_photos(server, tmp_path):
    one = flowers_path(tmp_path, origin=server.url)
    server.body = archive_of({"other/tulips/1.jpg": b"tulip"})
    other = flowers_path(tmp_path, origin=f"{server.url}?other")
    assert files_below(one) == FILES
    assert files_below(other) == {"flowers/tulips/1.jpg": b"tulip"}


def test_the_cache_is_that_of_keras(server, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    root = Path(flowers_path(origin=server.url))
    assert root.is_relative_to(tmp_path / "datasets")


def test_an_archive_writes_nothing_beside_its_photos(server, tmp_path):
    """No path leads out, no link is followed or made, and what is no photo stays packed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    evil = {
        "../../../evil.jpg": b"evil",
        "flower_photos/../evil.jpg": b"evil",
        "flower_photos/daisy/../../evil.jpg": b"evil",
        "../daisy/evil.jpg": b"evil",
        f"/{outside}/evil.jpg": b"evil",
        "/daisy/evil.jpg": b"evil",
        "flower_photos/linked/evil.jpg": b"evil",
        "flower_photos/daisy/..\\..\\evil.jpg": b"evil",
        "flower_photos/C:/evil.jpg": b"evil",
        "flower_photos/daisy/\x1b[2Jevil.jpg": b"evil",
        "flower_photos/daisy/evil.sh": b"evil",
        "flower_photos/daisy/deeper/evil.jpg": b"evil",
    }
    links = [
        ("flower_photos/linked", str(outside), tarfile.SYMTYPE),
        ("flower_photos/daisy/hard.jpg", "/etc/passwd", tarfile.LNKTYPE),
        ("flower_photos/daisy/soft.jpg", "/etc/passwd", tarfile.SYMTYPE),
        ("flower_photos/daisy/pipe.jpg", "", tarfile.FIFOTYPE),
    ]
    server.body = archive_of({**evil, **PACKED}, links)
    root = Path(flowers_path(tmp_path / "cache", origin=server.url))
    linked = {"flowers/linked/evil.jpg": b"evil"}  # a folder of its own, as the link is none
    assert files_below(root) == {**FILES, **linked}
    assert not any(path.is_symlink() for path in root.rglob("*"))
    assert list(outside.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "outside"]


def test_a_download_that_is_cut_off_leaves_nothing_and_can_be_tried_again(server, tmp_path):
    server.cut_off_after = 100
    with pytest.raises(OSError, match='PHOTOS = "practice"'):
        flowers_path(tmp_path, origin=server.url)
    assert files_below(tmp_path) == {}
    server.cut_off_after = None
    assert files_below(flowers_path(tmp_path, origin=server.url)) == FILES


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>Sign in to this network</html>", id="a page"),
        pytest.param(archive_of()[:200], id="half an archive"),
        pytest.param(archive_of({"flower_photos/readme.md": b"none"}), id="no photos"),
    ],
)
def test_what_is_no_archive_of_photos_is_refused_and_not_kept(server, tmp_path, body):
    server.body = body
    with pytest.raises(OSError, match=r'could not be fetched from http.*PHOTOS = "practice"'):
        flowers_path(tmp_path, origin=server.url)
    assert files_below(tmp_path) == {}
    server.body = archive_of()
    assert files_below(flowers_path(tmp_path, origin=server.url)) == FILES


def test_an_address_that_answers_no_is_named_with_a_way_on(server, tmp_path):
    server.status = 404
    with pytest.raises(OSError, match=r'flower_photos\.tgz.*404.*PHOTOS = "practice"'):
        flowers_path(tmp_path, origin=server.url)


def test_without_a_network_the_error_names_a_way_on(tmp_path, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(OSError, match='Try again, or set PHOTOS = "practice"'):
        flowers_path(tmp_path, origin=server.url)


def test_a_source_named_by_the_environment_needs_no_photos(server, tmp_path, monkeypatch):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", "http://127.0.0.1:8080")
    assert flowers_path(tmp_path, origin=server.url) is None
    assert server.requests == 0


def test_a_sample_of_nothing_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match="`per_class` must be .* at least 1. Received: per_class=0"
    ):
        flowers_path(tmp_path, per_class=0)
