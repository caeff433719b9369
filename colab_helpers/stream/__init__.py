"""From bytes to batches: decode, vary, cache and stream pictures into `model.fit`.

Example:
    >>> from types import SimpleNamespace as File
    >>> import numpy as np
    >>> from colab_helpers.stream import StreamingSequence
    >>> def photo(n):                           # with Drive: drive.list_images(folder)
    ...     return File(id=str(n), name=f"{n}.jpg", label="cat" if n < 6 else "dog")
    >>> files = [photo(n) for n in range(10)]
    >>> def read(file):                         # with Drive: drive.read
    ...     return bytes([int(file.id)])
    >>> def decode(data):                       # with photographs: decoder(image_size=(64, 64))
    ...     return np.full((2, 2, 3), data[0], np.uint8)
    >>> train = StreamingSequence(files, read, decode, batch_size=4, seed=0)
    >>> len(train), train.class_names
    (3, ['cat', 'dog'])
    >>> images, labels = train[0]
    >>> images.shape, images.dtype, labels.shape
    ((4, 2, 2, 3), dtype('uint8'), (4,))
    >>> sorted(int(image[0, 0, 0]) for images, labels in train for image in images)
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

The way of a picture through this room, a file a step:

    byte_cache      cached: the bytes of a file, from local disk the second time
    decode          decoder: bytes to pixels of one shape
      opening         what is opened, and what is refused before it is decoded
      fitting         which part of a picture goes where; pure
      decode_pillow, decode_opencv    two ways to decode
    pixel_cache     PixelCache: decoded pixels, from local disk the second time
      records, record_files, record_table, record_keys    checked records, for both caches
    augment         augmenter: pixels to varied pixels
      warp            its geometry
    order           which files make up which batch of which epoch; pure
    labels          what a picture is to be learnt as
    contents        files, labels and the plan of batches, listed once
    rows            what a file becomes, and where in its batch it is put
    threads         readers, decoders, and what bounds them
    prefetch        batches made ready ahead, a bounded number
    making          makes the batches of any epoch, of all of these
    epochs          which batch an index stands for, as Keras begins and ends epochs; pure
    callers         who calls: Keras's training, or somebody who looks
    handover        gives each index its batch: prefetch and epochs together
    scaling, arrays the form that the model wants
    sequence        StreamingSequence: ties these together
    checks          refuses a wrong argument in Keras's words

This room imports no other: copied alone beside a notebook, it is `from stream import decoder`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .augment import augmenter
from .byte_cache import cached
from .decode import ImageError, decoder
from .pixel_cache import PixelCache

if TYPE_CHECKING:
    from .sequence import StreamingSequence

__all__ = [
    "StreamingSequence",
    "decoder",
    "ImageError",
    "augmenter",
    "cached",
    "PixelCache",
]


def __getattr__(name: str) -> Any:
    """Imports Keras only for whoever trains: who looks at pictures waits some seconds less."""
    if name == "StreamingSequence":
        from .sequence import StreamingSequence

        return StreamingSequence
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
