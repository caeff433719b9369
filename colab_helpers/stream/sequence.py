"""StreamingSequence: what Keras is given. It ties the other files of this room together.

`contents` knows the files and the plan of batches, `making` makes batches of them, `handover` gives
each index its batch, and `arrays` gives it the form that the model wants.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .arrays import ArrayForm, Arrays
from .bare_name import BareName
from .callers import (
    calling_adapter,
    is_at_work,
    is_called_by_fit,
    is_called_by_reset,
)
from .checks import check_choice, check_function, check_whole_number
from .contents import Contents
from .dataset_view import DatasetView
from .facts import Facts
from .handover import Handover
from .interrupts import interrupts
from .label_images import check_takes_masks, checked_label_decoder
from .layers import BatchCache, Decode
from .making import BatchMaker
from .meetings import warn_of_other_classes
from .own_threads import OwnThreads, refuse_shards_of_keras
from .pixel_types import PixelTypes
from .progress import Progress, TellsOfLongEpochs
from .rows import Augment
from .scaling import dtype_of
from .tally import Tally
from .targets_wanted import TargetsWanted, check_can_be_balanced

__all__ = ["StreamingSequence"]


_STAYS_BEHIND = ("_handover", "_tally")  # made anew in a copy, by `_start`


class StreamingSequence(BareName, Facts, DatasetView, TellsOfLongEpochs, OwnThreads):
    """Batches for `model.fit`, read when they are due.

    Nothing is listed or read when it is made. During an epoch, reader threads fetch bytes and
    decoder threads turn them into rows of a batch, a bounded number of batches ahead of training.

    Order and augmentation depend on (seed, epoch, file id) alone: not on the number of threads,
    the order of the listing, or where a run was resumed. A file may stand in `files` several
    times, as when a rare class is oversampled: each time has its own place and variation.

    `fit` trains on every picture of an epoch exactly once, in this order, whatever else is asked
    for meanwhile: for a callback, `sequence[k]` is batch k of the epoch that goes on, and
    `model.predict(sequence)` sees this epoch from its front. Between epochs, `sequence[k]` is
    batch k of the one to come, and a loop over the indices is read ahead for, as one over the
    sequence is.

    Example:
        ```python
        train = StreamingSequence(train_files, drive.read, decode,
                                  augment=augmenter(horizontal_flip=True))
        val = StreamingSequence(val_files, drive.read, decode, shuffle=False)
        model.fit(train, validation_data=val, epochs=10)
        ```

        Where one class has far fewer pictures than another:

        ```python
        train = StreamingSequence(train_files, drive.read, decode, balanced=True,
                                  augment=augmenter(horizontal_flip=True))
        ```

    Args:
        files: Any iterable of files, consumed when first needed: objects with `id`, `name`,
            `label`, and where known `version`, `size` in bytes, and `block` (files that are
            cheaper to read together).
        read: `read(file) -> bytes`, called from `reads` threads at once.
        decode: `decode(bytes) -> uint8 array (height, width, channels)`, of one shape for all
            files; an array of other numbers with `dtype="float32"`.
        labels: What each file is learnt as, where `file.label` does not tell: a mapping by file
            id, or a list, array or column in the order of `files`. See `label_mode`.
        decode_label: With `label_mode="image"`, as `decode`, for the images that are labels. By
            default that of masks: where `decode` is a `decoder`, one of the same size with
            `color_mode="grayscale", interpolation="nearest"`, which keeps values as they are. For
            masks of 0 and 255, a function of your own that returns `decode_mask(data) // 255`
            makes the classes 0 and 1.
        batch_size: Files a batch; the last of an epoch may be smaller.
        label_mode: "int" gives int32 `(n,)`, "categorical" float32 `(n, classes)`, "binary"
            float32 `(n, 1)`, as `keras.utils.image_dataset_from_directory` does, of one class a
            file, a str or an int. "multi_label" gives float32 `(n, classes)`, ones and zeros, of a
            collection of names for each file, which may be empty. "raw" gives float32 `(n,)` or
            `(n, ...)`, of a number or an array of one shape for each file; `augment` does not move
            what it marks in the picture, such as points or boxes. "image" gives uint8
            `(n, height, width, channels)` (float32 where `decode_label` gives no uint8), of a file
            for each file, such as its mask, read by `read` too. One that is bad is the fault of its
            picture's file. "input" gives the images
            themselves, as they go in. None gives images alone. A dict such as
            `{"kind": "int", "age": "raw"}`, with `labels={"kind": {...}, "age": {...}}`, gives a
            dict of arrays.
        class_names: Classes in the order of their numbers. By default all of a mapping `labels`,
            else `files.class_names` where the list has it, as parts of `split` do, and `labels` in
            order are among them, else those of `files`, sorted. Two forms of a name in Unicode are
            one class. For a dict of outputs, a dict of lists.
        sample_weight: How much the error of each file counts, by id or in the order of `files`; the
            third element of a batch, float32 `(n,)`. With "raw", "image" and "input" it is
            `(n, 1, ..., 1)`, of as many dimensions as the labels, so that Keras multiplies each
            picture's losses by its own; a dict where outputs of a dict differ in that.
        inputs: What goes into the model beside the images, such as `{"place": {id: array}}`: by
            name, a number or an array of one shape for each file, by id or in the order of
            `files`. A batch then begins with `{"image": images, "place": float32 (n, ...)}`.
        shuffle: A new order each epoch; False keeps the order of `files`.
        seed: Integer of at least 0.
        balanced: True draws each class alike, whatever its size: an epoch has as many files as
            ever, as many of one class as of another, or one more. Of a small class, each file comes
            several times, varied anew each time; of a large one, those that an epoch leaves out
            come in the next ones, before any comes again. `in_order` still gives each file once.
            The other way is `fit(class_weight=...)`, which sees each file once and lets errors
            count differently. Files with a `block` are still read block by block, but not all of
            a block in one epoch.
        augment: `augment(image, rng) -> image` of the same shape and dtype; `rng` is a
            `numpy.random.Generator`. With `label_mode="image"`, what `augmenter` makes moves the
            label image with the picture; a function of your own is
            `augment(image, mask, rng) -> (image, mask)`. `in_order` leaves it out: what all
            pictures need, such as `preprocess_input`, belongs into `decode`.
        normalize: None keeps pixels as decoded, "unit" divides uint8 by 255, "zscore" gives each
            image mean 0 and standard deviation 1.
        dtype: "uint8", "float16" or "float32"; by default "uint8", and "float32" with
            `normalize`. For uint8, `decode` and `augment` must give uint8. Floats hold any
            numbers that they give, as they are.
        reads: Reads in flight at most.
        cache: A `PixelCache`, or what has its `get_batch` and `put`; `decode`, and `decode_label`
            where there is one, then need `key` and `shape`, and `dtype` where they give no uint8.
        on_bad_file: "raise" stops at a file that cannot be read or decoded and names it; "skip"
            leaves it out of its batch and adds it to `skipped`. A batch of which nothing is left
            shows one picture of its epoch again. An error that speaks of code, such as NameError
            or TypeError, is no bad file's and is raised as it is.
        verbose: Whether an epoch of more than 20 seconds prints, then and at doubling times, how
            many files are done, how fast they come and how long it takes yet. It prints nothing
            where `fit`, `evaluate` or `predict` has `verbose=0`.

    Attributes:
        clock: Gives seconds, for what is printed of an epoch.

    Raises:
        ValueError: An argument is not one of the allowed values.
    """

    def __init__(
        self,
        files: Iterable[Any],
        read: Callable[[Any], bytes],
        decode: Decode,
        *,
        labels: Any = None,
        decode_label: Decode | None = None,
        batch_size: int = 32,
        label_mode: str | Mapping[str, str] | None = "int",
        class_names: Iterable[Any] | None = None,
        sample_weight: Any = None,
        inputs: Mapping[str, Any] | None = None,
        shuffle: bool = True,
        seed: int = 0,
        balanced: bool = False,
        augment: Augment | None = None,
        normalize: str | None = None,
        dtype: str | None = None,
        reads: int = 32,
        cache: BatchCache | None = None,
        on_bad_file: str = "raise",
        verbose: bool = True,
    ) -> None:
        super().__init__()
        check_choice("on_bad_file", on_bad_file, ("raise", "skip"))
        check_whole_number("batch_size", batch_size, least=1)
        check_whole_number("reads", reads, least=1)
        check_whole_number("seed", seed, least=0)
        check_function("read", read, "`drive.read`")
        check_function("decode", decode, "`decoder(image_size=(224, 224))`")
        check_function("augment", augment, "`augmenter(horizontal_flip=True)`")
        wanted = TargetsWanted(labels, label_mode, class_names, sample_weight, inputs)
        if balanced:
            check_can_be_balanced(label_mode, shuffle)
        decode_label = checked_label_decoder(decode_label, decode, wanted.has_label_images)
        if decode_label is not None:
            check_takes_masks(augment)
        if cache is not None:
            _check_cache(cache)
            _check_decode_for_cache("decode", decode)
            if decode_label is not None:
                _check_decode_for_cache("decode_label", decode_label)
        self.read = read
        self.decode = decode
        self.decode_label = decode_label
        self.augment = augment
        self.cache = cache
        self.reads = int(reads)
        self.batch_size = int(batch_size)
        self.shuffle = bool(shuffle)
        self.seed = int(seed)
        self.balanced = bool(balanced)
        self.label_mode = label_mode
        self.normalize = normalize
        self.dtype = dtype_of(normalize, dtype)
        self.on_bad_file = on_bad_file
        self.verbose = verbose
        self._contents = Contents(
            files,
            wanted=wanted,
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            seed=self.seed,
            balanced=self.balanced,
        )
        self._start(Handover())

    def _start(self, handover: Handover) -> None:
        """Makes what a copy does not share: threads, and what has happened so far."""
        self._handover = handover
        self._tally = Tally()

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name not in _STAYS_BEHIND}
        state["_position"] = self._handover.position
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        epoch, first = state.pop("_position")
        self.__dict__.update(state)
        self._start(Handover(epoch, first))

    # Made anew for each call, so that what a user sets (`train.augment = None`) has its effect, and
    # so that no thread holds the sequence.

    def _maker(self) -> BatchMaker:
        return BatchMaker(
            contents=self._contents,
            read=self.read,
            decode=self.decode,
            decode_label=self.decode_label,
            augment=self.augment,
            cache=self.cache,
            reads=self.reads,
            pixel_types=PixelTypes(self.normalize, self.dtype),
            skips_bad_files=self.on_bad_file == "skip",
            tally=self._tally,
        )

    def _form(self) -> ArrayForm:
        return ArrayForm(self._contents, self.normalize, self.dtype)

    # Keras's epochs

    def __len__(self) -> int:
        return self._handover.length(len(self._contents.plan), calling_adapter())

    def on_epoch_begin(self) -> None:
        """Begins an epoch, or goes on in one that is not complete: reading starts now.

        Raises:
            ValueError: Keras deals out data sets to processes by itself.
        """
        refuse_shards_of_keras()
        interrupts.watch()
        warn_of_other_classes(self)
        if not self._is_looked_at():
            self._handover.begin(
                self._maker(),
                calling_adapter(),
                goes_on=is_called_by_fit(),
                teller=self._teller(),
            )

    def on_epoch_end(self) -> None:
        """Ends an epoch, or pauses in it, and says which files were left out."""
        if self._is_looked_at():
            return
        starts_over = is_called_by_reset()
        self._handover.end(self._maker(), calling_adapter(), starts_over=starts_over)
        if not starts_over:
            self._tally.tell_new_skips(len(self.files))

    def _is_looked_at(self) -> bool:
        """Whether a callback looks, by `predict` or `evaluate`, while a `fit` goes on."""
        consumer = self._handover.consumer
        return is_at_work(consumer) and calling_adapter() is not consumer

    def close(self) -> None:
        """Ends the threads and drops what was read ahead; the sequence can be used again."""
        self._handover.close()

    # Batches

    def __getitem__(self, index: int) -> Arrays:
        consumer = calling_adapter()
        if consumer is None:
            warn_of_other_classes(self)
        batch, comes_again = self._handover.ask(index, self._maker(), consumer)
        return self._form().arrays(batch, comes_again)

    def __iter__(self) -> Iterator[Arrays]:
        warn_of_other_classes(self)
        if self._handover.is_consumed_by_hand():
            for index in range(len(self)):
                yield self[index]
            return
        batches = self._maker().full_batches(self._handover.epoch)
        yield from map(self._form().arrays, batches)

    def in_order(self) -> Iterator[tuple[Any, Any, list[Any]]]:
        """Yields `(images, labels, files)` by batch: as listed, not augmented, none of `skipped`.

        Each entry of `files` comes once; labels have the form that `label_mode` names, None without
        one. With `inputs`, the first is a dict. It is what `predict_once` goes by. More than 20
        seconds of it tell of themselves, as an epoch does.
        """
        warn_of_other_classes(self)
        maker = self._maker()
        form = self._form()
        places = range(maker.total)
        teller = self._teller()
        progress: Progress | None = None
        if teller is not None:
            progress = Progress(maker.contents.plan, places, maker.tally, teller)
        for batch, place in zip(maker.batches(None, places), places):
            if progress is not None:
                progress.handed_over(place)
            if batch.has_images:
                yield form.with_files(batch)

    # Parts of batches, places in a run

    def shard(self, index: int, count: int) -> StreamingSequence:
        """The part of each batch that the `index`-th of `count` processes reads.

        One after the other, the parts are the batch. `batch_size` counts all of them. A last
        batch of fewer files than processes is left out.

        Raises:
            ValueError: There is no such part, or `count` does not divide `batch_size`.
        """
        check_whole_number("count", count, least=1)
        check_whole_number("index", index, least=0)
        check_choice("index", index, range(count))
        if self.batch_size % count:
            raise ValueError(
                f"`count` must divide `batch_size` {self.batch_size}. Received: count={count}"
            )
        part = copy.copy(self)
        part._contents = self._contents.shard(index, count)
        return part

    def state_dict(self, epoch: int, batches_trained: int) -> dict[str, Any]:
        """A place in a run, and what must be unchanged for it to mean the same; JSON can hold it.

        Args:
            epoch: From 0.
            batches_trained: Of this epoch, from 0.
        """
        return self._contents.state(epoch, batches_trained)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Lets the next epoch be `state["epoch"]`, begun after `state["batches_trained"]` batches.

        Raises:
            ValueError: Files, their blocks, seed, shuffle or batch size differ, so that the place
                means something else.
        """
        self._contents.check_state(state)
        whole_epochs, first = divmod(state["batches_trained"], len(self._contents.plan))
        self._handover.go_to(state["epoch"] + whole_epochs, first)


def _check_cache(cache: object) -> None:
    if not (hasattr(cache, "get_batch") and hasattr(cache, "put")):
        raise ValueError(
            f"`cache` must be a `PixelCache(folder, max_bytes=...)`. Received: cache={cache!r}"
        )


def _check_decode_for_cache(name: str, decode: object) -> None:
    if not (hasattr(decode, "key") and hasattr(decode, "shape")):
        raise ValueError(
            f"`cache` needs a `{name}` with `key` and `shape`, as `decoder` makes. "
            f"Received: {name}={decode!r}"
        )
