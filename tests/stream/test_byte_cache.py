"""`cached` reads a file from its source once, and the same bytes from disk from then on."""

import io

import pytest
from cached_photos import Source, flip_bits, photo

from colab_helpers.drive import connect
from colab_helpers.stream import cached


def test_a_cached_read_asks_its_source_once(tmp_path):
    """Bytes come back as they were, ranges too; a new version is read again."""
    source = Source()
    read = cached(source, tmp_path, max_bytes=1e6)
    whole = Source()(photo(1))
    assert [read(photo(1)) for _ in range(3)] == [whole] * 3
    assert read(photo(1), 10, 20) == whole[10:20]
    assert read(photo(1), start=4000) == whole[4000:]
    assert source.reads == ["id-1"]
    assert read(photo(1, version="2")) != whole
    assert len(source.reads) == 2


def test_a_second_run_asks_the_source_for_nothing(tmp_path):
    cached(Source(), tmp_path, max_bytes=1e6)(photo(1))
    source = Source()
    read = cached(source, tmp_path, max_bytes=1e6)
    assert read(photo(1)) == Source()(photo(1))
    assert source.reads == []


def test_a_range_of_what_is_not_cached_passes_through(tmp_path):
    source = Source()
    read = cached(source, tmp_path, max_bytes=1e6)
    assert read(photo(1), 10, 20) == Source()(photo(1))[10:20]
    assert read.stats["records"] == 0


@pytest.mark.parametrize("start, end", [(-5, None), (None, -1), (20, 10)])
def test_what_is_no_range_is_refused_by_the_source_cached_or_not(tmp_path, start, end):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "1.jpg").write_bytes(b"0123456789" * 10)
    drive = connect(tmp_path / "photos")
    (file,) = drive.list_images(".")
    read = cached(drive.read, tmp_path / "cache", max_bytes=1e6)
    for _ in range(2):
        with pytest.raises(ValueError):
            read(file, start, end)
        read(file)


def test_an_empty_file_is_cached_too(tmp_path):
    asked = []

    def source(file):
        asked.append(file)
        return b""

    read = cached(source, tmp_path, max_bytes=1e6)
    assert read(photo(1)) == b""
    assert read(photo(1)) == b""
    assert len(asked) == 1


def test_an_error_of_the_source_passes_and_is_not_cached(tmp_path):
    answers = [OSError("throttled"), b"fine"]

    def source(file):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    read = cached(source, tmp_path, max_bytes=1e6)
    with pytest.raises(OSError, match="throttled"):
        read(photo(1))
    assert read(photo(1)) == b"fine"


@pytest.mark.parametrize("given", [None, 5, "text", [1, 2], io.BytesIO(b"x")])
def test_what_is_no_bytes_is_refused_and_not_cached(tmp_path, given):
    """An int would become as many zeros."""
    read = cached(lambda file: given, tmp_path, max_bytes=1e6)
    with pytest.raises(TypeError, match=r"`read` must give bytes for .*id-1.* Received: "):
        read(photo(1))
    assert read.stats["records"] == 0


def test_bytes_in_another_form_come_back_as_bytes(tmp_path):
    read = cached(lambda file: bytearray(b"rose"), tmp_path, max_bytes=1e6)
    assert [read(photo(1)), read(photo(1))] == [b"rose", b"rose"]
    assert type(read(photo(1))) is bytes


def test_damaged_bytes_are_read_again_and_mended(tmp_path):
    source = Source()
    read = cached(source, tmp_path, max_bytes=1e6)
    read(photo(1))
    flip_bits(tmp_path / "bytes.data", [12345])
    assert [read(photo(1)) for _ in range(3)] == [Source()(photo(1))] * 3
    assert source.reads == ["id-1"] * 2
    assert read.stats["damaged"] == 1


def test_a_source_in_place_of_its_read_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`read` must be a function, such as `drive.read`"):
        cached(object(), tmp_path, max_bytes=1e6)
