"""From a Drive to batches, all parts at once: PyDrive2, decoder, caches and sequence over HTTP."""

import io
import time

import numpy as np
import pytest
from google.oauth2.credentials import Credentials
from PIL import Image

from colab_helpers.drive import Drive, connect
from colab_helpers.stream import PixelCache, StreamingSequence, cached, decoder
from stand_in import REFRESH_TOKEN, RandomFaults

CLASSES = ("ant", "bee", "cat", "dog")
HEIGHT = 24
WIDTH = 32


def draw(folder, count):
    """Small JPEGs of a colour each, in class folders; {path: its pixels as Pillow decodes them}."""
    pixels = {}
    for number in range(count):
        label = CLASSES[number % 4]
        path = f"{label}/{number}.jpg"
        colour = (number % 251, number // 251 * 5 % 251, number * 7 % 251)
        photo = io.BytesIO()
        Image.new("RGB", (WIDTH, HEIGHT), colour).save(photo, "JPEG", quality=95)
        (folder / "photos" / label).mkdir(parents=True, exist_ok=True)
        (folder / "photos" / path).write_bytes(photo.getvalue())
        pixels[path] = np.asarray(Image.open(photo).convert("RGB"))
    return pixels


def look_at_each(sequence, files, pixels):
    """Asserts that an epoch gives each picture once, with its label and its very pixels."""
    expected = sorted((file.label, pixels[file.path].tobytes()) for file in files)
    sequence.on_epoch_begin()
    seen = [
        (sequence.class_names[label], image.tobytes())
        for index in range(len(sequence))
        for image, label in zip(*sequence[index])
    ]
    sequence.on_epoch_end()
    assert sorted(seen) == expected
    assert seen != expected, "they come in another order than they lie there"


def test_a_thousand_pictures_come_once_an_epoch_with_label_and_pixels(tmp_path, drive_server):
    """Nothing is asked for before the first `next`, then a page ahead; each file comes once."""
    pixels = draw(tmp_path, 1000)
    server = drive_server(tmp_path, page_size_limit=50)
    drive = connect(endpoint=server.url)
    listing = drive.list_images("photos")
    assert server.counts["list"] == 0
    first = next(listing)
    # The folder's name, the first page of the root folder and of a class folder, and one ahead.
    assert server.counts["list"] <= 4
    files = [first, *listing]
    assert server.counts["list"] > 4
    sequence = StreamingSequence(files, drive.read, decoder((HEIGHT, WIDTH)), batch_size=32)
    assert server.counts["media"] == 0
    look_at_each(sequence, files, pixels)
    assert server.counts["media"] == 1000


@pytest.mark.slow
def test_ten_thousand_pictures_with_one_fault_in_five_come_whole(tmp_path, drive_server):
    """Through both caches: no damaged body gets in, so epochs without Drive are the same."""
    pixels = draw(tmp_path / "drive", 10_000)
    server = drive_server(tmp_path / "drive", faults=RandomFaults(0.2, seed=5))
    credentials = Credentials(
        None,
        refresh_token=REFRESH_TOKEN,
        token_uri=f"{server.url}/token",
        client_id="client",
        client_secret="client-secret",
    )
    drive = Drive(
        credentials, server.url, deadline=0.5, sleep=lambda seconds: time.sleep(seconds / 100)
    )
    files = list(drive.list_images("photos"))
    decode = decoder((HEIGHT, WIDTH))
    read = cached(drive.read, tmp_path / "bytes", max_bytes=1e9)
    cache = PixelCache(tmp_path / "pixels", max_bytes=1e9)
    look_at_each(StreamingSequence(files, read, decode, cache=cache), files, pixels)
    asked = server.counts["media"]
    assert 10_000 < asked <= 15_000
    for source in ({"cache": cache}, {}):  # decoded pixels, then bytes
        look_at_each(StreamingSequence(files, read, decode, **source), files, pixels)
    assert server.counts["media"] == asked
    print({"pictures": len(files), "requests": asked})
