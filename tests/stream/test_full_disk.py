"""A disk that is full or gone turns caching off, with one warning; the run goes on."""

import json
import os
import shutil
import subprocess
import warnings

import pytest
from cached_photos import Source, count_found, fill, photo, start_python

from colab_helpers.stream import PixelCache, cached

FILL_THE_DISK = """
import json
import resource
import sys
import warnings

from cached_photos import Source, count_found, fill, photo
from colab_helpers.stream import PixelCache, cached

{limit}
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    cache = PixelCache(sys.argv[1], max_bytes=1e9)
    kept = fill(cache, range(1000))
    assert kept == sorted(kept, reverse=True)
    assert 100 < sum(kept) < 1000, sum(kept)
    assert count_found(cache, range(1000)) == sum(kept)
    assert cache.stats["off"]
    read = cached(Source(), sys.argv[1], max_bytes=1e9)
    for number in range(1000):
        assert read(photo(number)) == Source()(photo(number))
print(json.dumps([str(warning.message) for warning in seen]))
"""


def warnings_while_filling(folder, limit=""):
    process = start_python(FILL_THE_DISK.format(limit=limit), folder)
    answer, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return json.loads(answer)


def test_a_full_disk_turns_caching_off_with_one_warning(tmp_path):
    """On a disk of 2 MB, what was cached stays readable and the rest comes from its source."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a small disk; the next test limits the size of a file")
    try:
        warned = warnings_while_filling(disk)
        assert os.statvfs(disk).f_bavail >= 0
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert len(warned) == 2  # one of each cache
    assert "No space left on device" in warned[0]
    assert "Free some disk" in warned[0]


def test_a_limit_on_the_size_of_files_does_no_more_harm(tmp_path):
    """The kernel refuses to let a file grow beyond a megabyte."""
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))"
    warned = warnings_while_filling(tmp_path, limit)
    assert len(warned) == 2
    assert "File too large" in warned[0]


def test_a_folder_that_cannot_be_made_is_one_warning(tmp_path):
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "cache"
    with pytest.warns(UserWarning, match="Caching in .* is off") as seen:
        cache = PixelCache(folder, max_bytes=1e6)
        read = cached(Source(), folder, max_bytes=1e6)
    assert len(seen) == 2
    assert not any(fill(cache, range(3)))
    assert count_found(cache, range(3)) == 0
    assert cache.stats["records"] == 0
    cache.close()
    assert read(photo(1)) == Source()(photo(1))


def test_a_folder_removed_in_the_middle_of_a_run_does_no_harm(tmp_path):
    cache = PixelCache(tmp_path / "cache", max_bytes=1e6)
    fill(cache, range(10))
    shutil.rmtree(tmp_path / "cache")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        fill(cache, range(10, 20))
    assert count_found(cache, range(10)) == 10
    assert len(seen) == 1
