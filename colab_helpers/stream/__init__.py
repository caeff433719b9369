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
      jpeg            the header of a usual JPEG, read in one walk
      opening         what is opened, and what is refused before it is decoded
      containers, heif    what is inside of a file that holds others; which codec it has
      fitting         which part of a picture goes where; pure
      decode_pillow, decode_opencv    two ways to decode
      turning         upright, as EXIF says
    pixel_cache     PixelCache: decoded pixels, from local disk the second time
      records, record_files, record_table, record_keys    checked records, for both caches
      own_files       files of this user alone: nothing planted is followed
      max_bytes       the bound of a cache, as its user writes it
    augment         augmenter: pixels to varied pixels
      augment_words   which values a word may have, and where others of Keras's have gone
      variation       what is drawn for one image
      warp            geometry; pure
      warp_pillow, warp_opencv    two ways to warp
      warp_mask       masks, whose values are not blended
      light           brightness and channel shift
    opencv          OpenCV, where it is installed
    keys            random bits that files have for good
    order           which files make up which batch of which epoch; pure
      balance         which files an epoch draws, where it draws each class alike
    classes         which class each file has, and which classes there are
    per_file        what a user gives for each file, by id or in the order of the files
    targets_wanted  what a user wants pictures to be learnt as, and what goes with them
    targets         the same, found for each file: labels, weights, other inputs
      labels          the number of a class
      several_labels  rows of ones
      numbers         a number, or an array of one shape
      label_images    an image, such as a mask
    contents        files, targets and the plan of batches, listed once
    pixel_types     which pixels are taken as they are, and which are refused
    faults          whose an error is: a file's, or one that ends the run
    tally           what was done so far, and which files were left out
    batches         a batch that is being made, and its memory
    layers          images, or masks, of all batches: decoded, cached, put into rows
    rows            what a file and its mask become, and where in its batch they are put
    threads         readers, decoders, and what bounds them
    prefetch        batches made ready ahead, a bounded number
    making          makes the batches of any epoch, of all of these
    epochs          which batch an index stands for, as Keras begins and ends epochs; pure
    callers         who calls: Keras's training, or somebody who looks
    habits          reads ahead for whoever asks for one index after the other
    progress        how a long epoch tells of itself
    handover        gives each index its batch: prefetch and epochs together
    meetings        sequences in one `fit` that number their classes in two ways
    scaling, arrays the form that the model wants
    own_threads     a PyDataset that Keras starts no threads for
    facts           what a sequence tells of itself
    bare_name       what its bare name shows in a notebook
      class_counts    how many pictures each class has
    dataset_view    a sequence as a `tf.data.Dataset`
    sequence        StreamingSequence: ties these together
    checks          refuses a wrong argument in Keras's words
    messages        words about files and errors
    shown           things in words, and small tables of them
    interrupts      Ctrl-C while a thread of Keras's waits for a batch
    forks           what a forked process makes anew

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
