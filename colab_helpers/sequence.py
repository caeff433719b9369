"""StreamingSequence: read, decode and augment files while Keras trains on the batches before.

Nothing is listed or read when it is made. During an epoch, reader threads fetch bytes and decoder
threads turn them into rows of a batch, a bounded number of batches ahead of training.

Example:
    >>> from types import SimpleNamespace as File
    >>> import numpy as np
    >>> from colab_helpers.sequence import StreamingSequence
    >>> files = [File(id=str(n), name=f"{n}.jpg", label="cat" if n < 6 else "dog") for n in range(10)]
    >>> def read(file):                         # with Drive: drive.read
    ...     return bytes([int(file.id)])
    >>> def decode(data):                       # with photographs: images.decoder(image_size=(64, 64))
    ...     return np.full((2, 2, 3), data[0], np.uint8)
    >>> train = StreamingSequence(files, read, decode, batch_size=4, seed=0)
    >>> len(train), train.class_names
    (3, ['cat', 'dog'])
    >>> images, labels = train[0]
    >>> images.shape, images.dtype, labels.shape
    ((4, 2, 2, 3), dtype('uint8'), (4,))
    >>> sorted(int(image[0, 0, 0]) for images, labels in train for image in images)
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
"""

import copy
import csv
import functools
import hashlib
import mmap
import os
import queue
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import keras
import numpy as np

OPEN_BLOCKS = 8  # files of so many blocks are mixed at a time, where files have a `block`
_ENCODED_BYTES = 32 * 2**20  # read, not yet decoded: bounds what large originals take
_DECODED_BYTES = 128 * 2**20  # decoded, not yet asked for: bounds what large images take
# On these, `fit` begins an epoch only to see the form of a batch (or two, with an accelerator), and drops it.
_LOOKS = 2 if keras.backend.backend() in ("jax", "torch") else 0


class StreamingSequence(keras.utils.PyDataset):
    """Batches for `model.fit`, read when they are due.

    Order and augmentation depend on (seed, epoch, file id) alone: not on the number of threads, the order of
    the listing, or where a run was resumed. Between `on_epoch_begin` and `on_epoch_end`, which Keras calls,
    the k-th batch asked for is the k-th of the epoch; outside, `sequence[k]` is batch k of the coming epoch.

    Example:
        train = StreamingSequence(train_files, drive.read, decode, augment=augmenter(horizontal_flip=True))
        val = StreamingSequence(val_files, drive.read, decode, shuffle=False)
        model.fit(train, validation_data=val, epochs=10)

    Args:
        files: Any iterable of files, consumed when first needed: objects with `id`, `name`, `label`, and
            where known `version`, `size` in bytes, and `block` (files that are cheaper to read together).
        read: `read(file) -> bytes`, called from `reads` threads at once.
        decode: `decode(bytes) -> uint8 array (height, width, channels)`, of one shape for all files.
        labels: Mapping of file id to label, where `file.label` does not tell it.
        batch_size: Files a batch; the last of an epoch may be smaller.
        label_mode: "int" gives int32 `(n,)`, "categorical" float32 `(n, classes)`, "binary" float32 `(n, 1)`,
            as `keras.utils.image_dataset_from_directory` does; None gives images alone.
        class_names: Labels in the order of their numbers; sorted by default.
        shuffle: A new order each epoch; False keeps the order of `files`.
        seed: Integer of at least 0.
        augment: `augment(image, rng) -> image` of the same shape; `rng` is a `numpy.random.Generator`.
        normalize: None keeps pixels as decoded (0 to 255), "unit" divides them by 255, "zscore" gives each
            image mean 0 and standard deviation 1.
        dtype: "uint8", "float16" or "float32"; by default "uint8", and "float32" with `normalize`.
        reads: Reads in flight at most.
        cache: A `PixelCache` (or its `get_batch` and `put`); `decode` then needs `key` and `shape`.
        on_bad_file: "raise" stops at a file that cannot be read or decoded and names it; "skip" leaves it
            out of its batch and adds it to `skipped`.

    Raises:
        ValueError: An argument is not one of the allowed values.
    """

    def __init__(
        self,
        files,
        read,
        decode,
        *,
        labels=None,
        batch_size=32,
        label_mode="int",
        class_names=None,
        shuffle=True,
        seed=0,
        augment=None,
        normalize=None,
        dtype=None,
        reads=32,
        cache=None,
        on_bad_file="raise",
    ):
        super().__init__(
            workers=1
        )  # the threads are our own: Keras would empty its queue at each epoch's end
        self.dtype = dtype or ("float32" if normalize else "uint8")
        _check("label_mode", label_mode, ("int", "categorical", "binary", None))
        _check("normalize", normalize, (None, "unit", "zscore"))
        _check(
            "dtype",
            self.dtype,
            ("float16", "float32") if normalize else ("uint8", "float16", "float32"),
        )
        _check("on_bad_file", on_bad_file, ("raise", "skip"))
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("reads", reads, 1),
            ("seed", seed, 0),
        ):
            if not isinstance(value, (int, np.integer)) or value < least:
                raise ValueError(
                    f"`{name}` must be an integer of at least {least}. Received: {value!r}"
                )
        if cache is not None and not (hasattr(decode, "key") and hasattr(decode, "shape")):
            raise ValueError(
                "`cache` needs a `decode` with `key` and `shape`, as `images.decoder` makes. "
                f"Received: decode={decode!r}"
            )
        self.read, self.decode, self.augment, self.cache, self.reads = (
            read,
            decode,
            augment,
            cache,
            int(reads),
        )
        self.batch_size, self.shuffle, self.seed = int(batch_size), bool(shuffle), int(seed)
        self.label_mode, self.normalize, self.on_bad_file = label_mode, normalize, on_bad_file
        self._source, self._files, self._label_of = files, None, labels
        self._class_names, self._numbers = None if class_names is None else list(class_names), None
        self._shard, self._epoch, self._first = (
            (0, 1),
            0,
            0,
        )  # the coming epoch, and the batch to begin it at
        self.__setstate__({})

    def __getstate__(self):
        self._list()  # a generator cannot be pickled, the files that it gave can
        own = (
            "_lock",
            "_pass",
            "_looked_at",
            "_asked",
            "_kept",
            "_skipped",
            "_told",
            "_short",
            "last_error",
            "stats",
        )
        return {name: value for name, value in self.__dict__.items() if name not in own}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._lock, self._pass, self._looked_at, self._asked, self._kept = (
            threading.RLock(),
            None,
            None,
            0,
            {},
        )
        self._skipped, self._told, self._short, self.last_error = {}, 0, False, None
        self.stats = {"reading": 0.0, "decoding": 0.0, "waiting": 0.0, "images": 0, "cached": 0}

    def _list(self):
        """Lists the files, once."""
        with self._lock:
            if self._files is None:
                files = tuple(self._source)
                if not files:
                    raise ValueError(
                        "There are no files to stream. If `files` is a generator it may be used up: "
                        "keep its files with `files = list(...)`."
                    )
                if self.label_mode is not None:
                    self._number(files)
                self._keys = self._blocks = np.fromiter(
                    (_key(file.id) for file in files), np.uint64, len(files)
                )
                if any(getattr(file, "block", None) is not None for file in files):
                    blocks = ((file.id, getattr(file, "block", None)) for file in files)
                    keys = (_key(file_id if block is None else block) for file_id, block in blocks)
                    self._blocks = np.fromiter(keys, np.uint64, len(files))
                self._files = self._source = files
        return self

    def _number(self, files):
        """Numbers the classes."""

        def label(file):
            return (
                getattr(file, "label", None)
                if self._label_of is None
                else self._label_of.get(file.id)
            )

        names = self._class_names or sorted({label(file) for file in files} - {None})
        number = {name: index for index, name in enumerate(names)}
        for file in files:
            if label(file) not in number:
                raise ValueError(
                    f"'{file.name}' (id {file.id}) has the label {label(file)!r}, which is no class: "
                    f"leave it out, or give `labels={{id: label}}`. Received: class_names={names[:20]}"
                )
        if self.label_mode == "binary" and len(names) != 2:
            raise ValueError(
                f'`label_mode="binary"` needs two classes. Received: class_names={names[:20]}'
            )
        self._class_names = names
        self._numbers = np.fromiter((number[label(file)] for file in files), np.int32, len(files))

    files = property(lambda self: self._list()._files, doc="The files, in the order given.")
    class_names = property(
        lambda self: self._list()._class_names, doc="Labels, in the order of their numbers."
    )
    labels = property(
        lambda self: self._list()._numbers, doc="Class number of each of `files`, int32 `(files,)`."
    )
    skipped = property(
        lambda self: list(self._skipped.values()), doc="`(file, reason)` of each file left out."
    )

    def save_skipped(self, path):
        """Writes `skipped` as a CSV with the columns id, name, label, reason."""
        with open(path, "w", newline="", encoding="utf-8") as out:
            rows = csv.writer(out)
            rows.writerow(("id", "name", "label", "reason"))
            rows.writerows(
                (file.id, file.name, getattr(file, "label", ""), why) for file, why in self.skipped
            )

    def _rows(self, epoch):
        """Gives `rows(k)`: which of `files` are batch k of this epoch."""
        order = np.arange(len(self.files))
        if self.shuffle and epoch is not None:
            place = _mix(self._keys, self.seed, epoch)
            if self._blocks is not self._keys:
                # Blocks stand on a line in random order, and each file moves on by up to OPEN_BLOCKS places:
                # wherever one reads on that line, files of only so many blocks are mixed.
                _, block = np.unique(_mix(self._blocks, self.seed, epoch), return_inverse=True)
                place = block + OPEN_BLOCKS * (place / 2.0**64)
            order = np.argsort(place, kind="stable")
        size, (index, count) = self.batch_size, self._shard
        return lambda k: np.array_split(order[k * size : (k + 1) * size], count)[index]

    def _total(self):
        """Batches of a whole epoch, without a last one that has no file for some shard."""
        full, rest = divmod(len(self.files), self.batch_size)
        return full + (rest >= self._shard[1])

    def __len__(self):
        return self._total() - (self._pass.first if self._pass is not None else 0)

    def on_epoch_begin(self):
        """Begins the next epoch: reading starts now, and stops at the epoch's last file."""
        if self._looked_at is not None:
            self._pass, self._looked_at = self._looked_at, None
            self._asked = self._pass.rewind()
            return
        self.close()
        with self._lock:
            self._pass = current = _Pass(
                self, self._epoch, self.augment, self._first, self._total()
            )
            current.batches = {
                k: batch
                for (epoch, k), batch in self._kept.items()
                if epoch == self._epoch and k >= self._first
            }
            self._asked, self._first, self._epoch, self._kept = self._first, 0, self._epoch + 1, {}
        current.admit(current.first)

    def on_epoch_end(self):
        """Ends the epoch, if one was begun, and says which files were left out."""
        short, again = self._pass is not None and bool(self._pass.taken), self._short
        self._short = short
        if short and not again:  # twice in a row is no look: `steps_per_epoch` is that small
            self._looked_at, self._pass = self._pass, None
            return
        self.close()
        new = self.skipped[self._told :]
        if new:
            self._told += len(new)
            shown = "; ".join(f"'{file.name}': {why}" for file, why in new[:3]) + "; ..." * (
                len(new) > 3
            )
            print(
                f"\nLeft out {len(new)} of {len(self.files)} files ({shown}). `sequence.skipped` names all."
            )

    def close(self):
        """Ends the threads and drops what was read ahead; the sequence can be used again."""
        passes, self._pass, self._looked_at = {self._pass, self._looked_at} - {None}, None, None
        for current in passes:
            current.close()

    def __del__(self):
        if "_looked_at" in self.__dict__:
            self.close()

    def __getitem__(self, index):
        with self._lock:
            current, k = self._pass, self._asked
            in_epoch = current is not None and k < current.last and current.process == os.getpid()
            self._asked += in_epoch
        if in_epoch:
            try:
                return self._arrays(self._take(current, k))
            except _Ended:  # by `steps_per_epoch`; Keras, which looks ahead, wants batch `index` of the coming epoch
                pass
        k = range(self._total())[index]
        batch = self._kept.get((self._epoch, k)) or next(
            self._batches(self._epoch, self.augment, k, k + 1)
        )
        if k < 2:  # Keras asks for these two to learn their form, and then again to train on them
            self._kept[self._epoch, k] = batch
        return self._arrays(batch)

    def __iter__(self):
        if self._pass is not None:
            yield from (self[k] for k in range(len(self)))
        else:
            yield from map(self._arrays, self._batches(self._epoch, self.augment, 0, self._total()))

    def in_order(self):
        """Yields `(images, labels, files)` by batch: each file once, as listed, not augmented, none of `skipped`."""
        for batch in self._batches(None, None, 0, self._total()):
            files = [self._files[row] for row in batch.rows[batch.good]]
            if files:
                arrays = self._arrays(batch)
                yield (*(arrays if self.label_mode else (arrays, None)), files)

    def _batches(self, epoch, augment, first, last):
        current = _Pass(self, epoch, augment, first, last)
        try:
            for k in range(first, last):
                yield self._take(current, k)
        finally:
            current.close()

    def _take(self, current, k):
        try:
            return current.take(k)
        except BaseException as error:
            if not current.closed:
                self.last_error = error  # Keras raises another error, with this one's text in it
            current.close()
            self._pass = None if self._pass is current else self._pass
            raise

    def _arrays(self, batch):
        """What Keras is given: images as `normalize` and `dtype` say, labels as `label_mode` says."""
        good = batch.good
        if not good.any():
            file, why = self._skipped[self._files[batch.rows[0]].id]
            self.last_error = ValueError(
                f"All {len(good)} files of a batch were left out, the first, '{file.name}' "
                f"(id {file.id}): {why}. See `sequence.skipped` for the rest."
            )
            raise self.last_error
        images = _scale(
            batch.pixels if good.all() else batch.pixels[good], self.normalize, self.dtype
        )
        if images is batch.pixels and (batch in self._kept.values() or batch.stays):
            images = images.copy()  # what is kept must not change under its user's hands
        if self.label_mode is None:
            return images
        labels = self._numbers[batch.rows[good]]
        if self.label_mode == "categorical":
            labels = np.eye(len(self._class_names), dtype=np.float32)[labels]
        return images, labels[:, None].astype(np.float32) if self.label_mode == "binary" else labels

    def shard(self, index, count):
        """The part of each batch that the `index`-th of `count` processes reads; one after the other they are the batch.

        `batch_size` counts all parts. A last batch of fewer files than processes is left out.
        """
        _check("index", index, range(count))
        if self.batch_size % count:
            raise ValueError(
                f"`count` must divide `batch_size` {self.batch_size}. Received: count={count}"
            )
        part = copy.copy(self)
        part._shard = (index, count)
        return part

    def state_dict(self, epoch, batches_trained):
        """A place in a run, and what must be unchanged for it to mean the same; JSON can hold it."""
        keys = np.sort(self._list()._keys) if self.shuffle else self._list()._keys
        return {
            "epoch": int(epoch),
            "batches_trained": int(batches_trained),
            "seed": self.seed,
            "shuffle": self.shuffle,
            "batch_size": self.batch_size,
            "files": len(keys),
            "fingerprint": hashlib.blake2b(keys.tobytes(), digest_size=16).hexdigest(),
        }

    def load_state_dict(self, state):
        """Lets the next epoch be `state["epoch"]`, begun after `state["batches_trained"]` batches.

        Raises:
            ValueError: Files, seed, shuffle or batch size differ, so that the place means something else.
        """
        here = self.state_dict(state["epoch"], state["batches_trained"])
        changed = [
            f"`{name}` was {state.get(name)} and is {here[name]}"
            for name in here
            if here[name] != state.get(name)
        ]
        if changed:
            raise ValueError(
                "This state belongs to other batches: " + ", ".join(changed) + ". Load "
                f"`sequence.state_dict({state['epoch']}, 0)` to begin that epoch anew."
            )
        whole, first = divmod(state["batches_trained"], self._total())
        epoch, seen = state["epoch"] + whole, self._looked_at
        if seen is None or (seen.salt[1], seen.first) != (
            epoch,
            first,
        ):  # else it was begun already
            self.close()
            self._epoch, self._first = epoch, first


class _Ended(RuntimeError):
    def __init__(self):
        super().__init__("This pass over the files was ended before its last batch.")


class _Batch:
    """Rows to fill; `done` is set when none is missing, or at an error."""

    def __init__(self, rows):
        self.rows, self.good, self.missing = rows, np.ones(len(rows), bool), len(rows)
        self.pixels, self.error, self.stays, self.done = None, None, False, threading.Event()


class _Pass:
    """Batches `first` to `last` of an epoch, begun a bounded number ahead of the one waited for.

    It holds the parts of a sequence but not the sequence, so that its threads keep no sequence alive.
    """

    def __init__(self, sequence, epoch, augment, first, last):
        self.rows, self.files, self.keys = sequence._rows(epoch), sequence._files, sequence._keys
        self.read, self.decode, self.cache, self.augment = (
            sequence.read,
            sequence.decode,
            sequence.cache,
            augment,
        )
        self.stats, self.skipped, self.skip = (
            sequence.stats,
            sequence._skipped,
            sequence.on_bad_file == "skip",
        )
        self.first, self.next, self.last, self.salt = first, first, last, (sequence.seed, epoch)
        self.room, self.process = threading.Condition(sequence._lock), os.getpid()
        self.to_read, self.readers = queue.SimpleQueue(), 0
        self.batches, self.encoded, self.closed = {}, 0, False
        self.taken = {}  # kept for the case that the epoch is dropped after a look
        self.shape, self.reads = getattr(sequence.decode, "shape", None), sequence.reads
        self.size, self.spare = sequence.batch_size // sequence._shard[1], []
        room = _DECODED_BYTES // (self.size * int(np.prod(self.shape))) if self.shape else last
        self.ahead = max(
            1, min(-(-4 * self.reads // self.size), room)
        )  # batches; in files, 4 x reads

    def admit(self, k):
        """Starts all that may be read while batch k is waited for."""
        with self.room:
            while not self.closed and self.next < min(k + 1 + self.ahead, self.last):
                if self.next not in self.batches:
                    batch = self.batches[self.next] = _Batch(self.rows(self.next))
                    if self.cache is None:
                        self.request(batch, range(len(batch.rows)))
                    else:
                        self.hand_over(batch, None, b"")
                self.next += 1

    def request(self, batch, rows):
        with self.room:
            for row in rows:
                self.to_read.put((batch, row))
            more = 0 if self.closed else min(self.reads - self.readers, self.to_read.qsize())
            self.readers += more
            for _ in range(more):
                threading.Thread(target=self.work, name="StreamingSequence", daemon=True).start()

    def work(self):
        """A reader's life."""
        while (job := self.to_read.get()) is not None and not self.closed:
            self.attempt(self.fetch, *job)
            del job  # an idle thread would keep its last batch

    def hand_over(self, batch, row, data):
        _decoders(self.process).submit(self.attempt, self.fill, batch, row, data)

    def attempt(self, do, batch, row, *data):
        try:
            if not self.closed:
                do(batch, row, *data)
        except BaseException as error:
            self.fail(batch, row, error)

    def fetch(self, batch, row):
        """A reader's job: the bytes of one file."""
        file = self.files[batch.rows[row]]
        size, data = getattr(file, "size", None) or 0, b""
        with self.room:
            self.room.wait_for(
                lambda: self.closed or not self.encoded or self.encoded + size <= _ENCODED_BYTES
            )
            if self.closed:
                return
            self.encoded += size
        begun = perf_counter()
        try:
            data = self.read(file) or b""
        finally:
            with self.room:
                self.stats["reading"] += perf_counter() - begun
                self.encoded += len(data) - size
                self.room.notify_all()
        self.hand_over(batch, row, data)

    def fill(self, batch, row, data):
        """A decoder's job: one row from its bytes; or, with row None, all rows that the cache has."""
        begun = perf_counter()
        try:
            if row is None:
                self.recall(batch)
            else:
                file = self.files[batch.rows[row]]
                image = np.asarray(self.decode(data))
                if self.cache is not None:
                    self.cache.put(file, self.decode.key, image)
                self.place(batch, row, image)
                self.finish(batch, 1)
        finally:
            with self.room:
                self.stats["decoding"] += perf_counter() - begun
                self.encoded -= len(data)
                self.room.notify_all()

    def recall(self, batch):
        batch.pixels = self.array(batch, self.shape, np.dtype(np.uint8))
        found = self.cache.get_batch(
            [self.files[row] for row in batch.rows], self.decode.key, batch.pixels
        )
        if self.augment is not None:
            for row in np.flatnonzero(found):
                try:
                    self.place(batch, row, batch.pixels[row])
                except Exception as error:
                    self.fail(batch, row, error)
        absent = np.flatnonzero(~found)
        with self.room:
            self.stats["cached"] += len(found) - len(absent)
        present = int(batch.good.sum()) - len(
            absent
        )  # before a reader can find one that is not good
        self.request(batch, absent)
        self.finish(batch, present)

    def array(self, batch, shape, dtype):
        """An array for a batch, in memory used before if there is some: fresh pages cost time, freed ones linger."""
        shape = (len(batch.rows), *shape)
        memory = (
            self.spare.pop()
            if self.spare
            else mmap.mmap(-1, self.size * int(np.prod(shape[1:])) * dtype.itemsize)
        )
        array = np.frombuffer(memory, dtype, int(np.prod(shape)))
        weakref.finalize(
            array, self.spare.append, memory
        )  # when neither it nor any view of it is left
        return array.reshape(shape)

    def place(self, batch, row, image):
        """Augments an image and puts it into its row."""
        if self.augment is not None:
            key = int(self.keys[batch.rows[row]])
            image = self.augment(image, np.random.Generator(np.random.PCG64((*self.salt, key))))
        with self.room:
            self.shape = self.shape or image.shape
            if batch.pixels is None:
                batch.pixels = self.array(batch, self.shape, image.dtype)
        if image.shape != tuple(self.shape):
            raise ValueError(
                f"an image of shape {image.shape} where others have {tuple(self.shape)}; decode all "
                "files to one size, as `images.decoder(image_size)` does"
            )
        batch.pixels[row] = image

    def finish(self, batch, rows):
        with self.room:
            batch.missing -= rows
        if batch.missing == 0:
            batch.done.set()

    def fail(self, batch, row, error):
        file = self.files[batch.rows[row or 0]]
        stops = (
            row is None
            or isinstance(error, MemoryError)
            or getattr(error, "ends_run", not isinstance(error, Exception))
        )
        if self.skip and not stops:
            with self.room:
                self.skipped.setdefault(file.id, (file, str(error) or repr(error)))
            batch.good[row] = False
            return self.finish(batch, 1)
        batch.error = error
        if file.name not in str(error):
            batch.error = RuntimeError(
                f"Could not read '{file.name}' (id {file.id}): {error or repr(error)}. "
                'Take it off the list, or leave such files out with `on_bad_file="skip"`.'
            )
            batch.error.__cause__ = error
        batch.done.set()

    def take(self, k):
        """Waits for batch k and hands it over."""
        self.admit(k)
        begun = perf_counter()
        with self.room:
            batch = self.batches.get(k)
        if batch is None:
            raise _Ended()
        batch.done.wait()
        with self.room:
            self.batches.pop(k, None)
            self.stats["waiting"] += perf_counter() - begun
            self.stats["images"] += int(batch.good.sum())
        if batch.error is not None:
            raise batch.error
        if k == self.last - 1:
            self.close()
        batch.stays = k < self.first + _LOOKS and not self.closed
        self.taken = self.taken | {k: batch} if batch.stays else {}
        return batch

    def rewind(self):
        """Puts back what was taken; the first batch is then the next one."""
        with self.room:
            self.stats["images"] -= sum(int(batch.good.sum()) for batch in self.taken.values())
            self.batches |= self.taken
            self.taken = {}
        return self.first

    def close(self):
        with self.room:
            self.closed = True
            for batch in self.batches.values():
                if not batch.done.is_set():
                    batch.error = _Ended()
                    batch.done.set()
            self.batches = {}
            self.spare.clear()
            self.room.notify_all()
            for _ in range(self.readers):
                self.to_read.put(None)


@functools.cache
def _decoders(process):
    """The decoder threads of a process, for all its sequences: more than it has cores gain nothing.

    They stay, since each new thread would keep, in the allocator, as much memory as decoding takes at most.
    """
    return ThreadPoolExecutor(os.cpu_count(), "StreamingSequence decoder")


def _check(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {list(allowed)}. Received: {value!r}")


def _key(name):
    """64 bits of a name, the same on each machine."""
    text = name if isinstance(name, str) else repr(name)
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
    )


def _mix(keys, *salt):
    """Random numbers drawn for each key on its own (splitmix64), uint64."""
    mixed = keys + np.uint64(_key(salt))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _scale(pixels, normalize, dtype):
    if normalize is None:
        return pixels.astype(dtype, copy=False)
    images = pixels.astype(np.float32)
    if normalize == "unit":
        images /= 255
    else:
        for image in images:
            image -= image.mean()
            image /= max(
                image.std(), image.size**-0.5
            )  # as tf.image.per_image_standardization does
    return images.astype(dtype, copy=False)
