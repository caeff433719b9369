"""What is compared: our own way, and each peer as its own documentation recommends it.

Each function runs in a fresh process (see measure.py). Streams give uint8 or float batches of 32
images of 224 x 224 and their labels; nobody augments. `local_*` read a folder, `drive_*` the
stand-in Drive, `fit_*` train on the result."""

import itertools
import json
import urllib.request

from tests.benchmarks.measure import BATCH, SIZE, Meter

HEIGHT, WIDTH = SIZE


# reading a folder on the local disk, once


def local_ours(folder, library="pillow"):
    """StreamingSequence over a LocalFolder."""
    from colab_helpers.drive import connect
    from colab_helpers.stream import StreamingSequence, decoder

    drive = connect(folder)
    files = list(drive.list_images("."))
    decode = decoder(image_size=SIZE, library=library)
    sequence = StreamingSequence(files, drive.read, decode, batch_size=BATCH, seed=0)
    _pass(StreamingSequence(files[:BATCH], drive.read, decode, batch_size=BATCH))
    with Meter() as meter:
        images = _pass(sequence)
    return meter.per(images)


def local_floor(folder):
    """What no decoder gets below: undoing the JPEGs' entropy coding alone (OpenCV at 1/8 size)."""
    import cv2
    import numpy as np

    photos = [np.fromfile(path, np.uint8) for path, _ in _photos(folder)]
    with Meter() as meter:
        for photo in photos:
            cv2.imdecode(photo, cv2.IMREAD_REDUCED_COLOR_8)
    return meter.per(len(photos))


def local_directory(folder):
    """image_dataset_from_directory with prefetch, as TensorFlow's tutorial on images does."""
    import keras
    import tensorflow as tf

    data = keras.utils.image_dataset_from_directory(
        folder, image_size=SIZE, batch_size=BATCH, seed=0, verbose=False
    )
    for _ in data.take(1):
        pass
    with Meter() as meter:
        images = _pass(data.prefetch(tf.data.AUTOTUNE))
    return meter.per(images)


def local_generator(folder):
    """ImageDataGenerator.flow_from_directory, which older courses teach."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    data = ImageDataGenerator(rescale=1 / 255).flow_from_directory(
        folder, target_size=SIZE, batch_size=BATCH, class_mode="sparse"
    )
    data[0]
    with Meter() as meter:
        images = _pass(data[k] for k in range(len(data)))
    return meter.per(images)


def local_grain(folder):
    """grain's MapDataset: source, shuffle, map, batch, and its threads."""
    import grain

    photos = _photos(folder)
    data = (
        grain.MapDataset.source(photos)
        .seed(0)
        .shuffle()
        .map(_open_and_resize)
        .batch(BATCH)
        .to_iter_dataset()
    )
    with Meter() as meter:
        images = _pass(data)
    return meter.per(images)


def local_datasets(folder, cache):
    """HuggingFace datasets: an image folder, a transform, to_tf_dataset."""
    import datasets
    import numpy as np

    data = datasets.load_dataset("imagefolder", data_dir=folder, split="train", cache_dir=cache)
    data = data.with_transform(
        lambda rows: {"pixels": [_resize(image) for image in rows["image"]], "label": rows["label"]}
    )
    data = data.to_tf_dataset(
        columns="pixels",
        label_cols="label",
        shuffle=True,
        batch_size=BATCH,
        collate_fn=lambda rows: {name: np.stack([row[name] for row in rows]) for name in rows[0]},
    )
    with Meter() as meter:
        images = _pass(data)
    return meter.per(images)


def _pass(batches):
    images = 0
    for x, _ in batches:
        images += len(x)
    return images


def _photos(folder):
    from pathlib import Path

    photos = sorted(Path(folder).glob("*/*.*"))
    classes = sorted({photo.parent.name for photo in photos})
    return [(str(photo), classes.index(photo.parent.name)) for photo in photos]


def _open_and_resize(photo):
    import numpy as np
    from PIL import Image

    path, label = photo
    with Image.open(path) as image:
        return _resize(image), np.int32(label)


def _resize(image):
    import numpy as np
    from PIL import Image

    return np.asarray(image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))


# reading from Drive, in `fit` with a model that costs next to nothing


def trivial_model(classes=17):
    """Looks at one pixel: what remains is the input's cost."""
    import keras

    inputs = keras.Input((HEIGHT, WIDTH, 3))
    model = keras.Model(
        inputs, keras.layers.Dense(classes)(keras.layers.Flatten()(inputs[:, :1, :1]))
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


class Constant:
    """A PyDataset that returns one constant batch: nothing that Keras can be given is faster."""

    def __new__(cls, steps):
        import keras
        import numpy as np

        batch = np.zeros((BATCH, HEIGHT, WIDTH, 3), np.uint8), np.zeros(BATCH, np.int32)

        class Repeated(keras.utils.PyDataset):
            def __len__(self):
                return steps

            def __getitem__(self, index):
                return batch

        return Repeated()


def timed_fit(data, epochs=1, **options):
    """Fits, with the step compiled before; measures all of `fit`, or its epochs after the first."""
    import keras

    model, meter, steps = trivial_model(), Meter(), []
    model.fit(Constant(2), verbose=0)

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epochs > 1 and epoch == 0:
                steps.clear()
                meter.__enter__()

        def on_train_batch_end(self, batch, logs=None):
            steps.append(batch)

        def on_train_end(self, logs=None):
            meter.__exit__()

    if epochs == 1:
        meter.__enter__()
    model.fit(data, epochs=epochs, verbose=0, callbacks=[Watch()], **options)
    return {"step ms": meter.wall / len(steps) * 1e3, **meter.per(len(steps) * BATCH)}


def drive_ours(url, folder, count, reads=32):
    """StreamingSequence over Drive."""
    from colab_helpers.drive import connect
    from colab_helpers.stream import StreamingSequence, decoder

    drive = connect(endpoint=url)
    files = list(itertools.islice(drive.list_images(folder), count))
    sequence = StreamingSequence(
        files,
        drive.read,
        decoder(image_size=SIZE),
        batch_size=BATCH,
        reads=reads,
        class_names=sorted({file.label for file in files}),
    )
    return {
        **timed_fit(sequence),
        **{name: float(sequence.stats[name]) for name in ("reading", "decoding")},
    }


def drive_generator(url, folder, count):
    """The plain generator: download, open, resize, append, yield."""
    import numpy as np

    files = _plain_files(url, folder, count)

    def generate():
        while True:
            images, labels = [], []
            for file in files:
                images.append(_download(file))
                labels.append(0)
                if len(images) == BATCH:
                    yield np.array(images), np.array(labels)
                    images, labels = [], []

    return timed_fit(generate(), steps_per_epoch=len(files) // BATCH)


def drive_pydataset(url, folder, count, workers=8):
    """keras.utils.PyDataset with eight workers, the same reading in __getitem__."""
    import keras
    import numpy as np

    files = _plain_files(url, folder, count)

    class Plain(keras.utils.PyDataset):
        def __len__(self):
            return len(files) // BATCH

        def __getitem__(self, index):
            chosen = files[index * BATCH : (index + 1) * BATCH]
            return np.array([_download(file) for file in chosen]), np.zeros(BATCH, np.int32)

    return timed_fit(Plain(workers=workers, max_queue_size=10))


def _plain_drive(url):
    import httplib2
    from googleapiclient.discovery import build
    from oauth2client.client import AccessTokenCredentials
    from pydrive2.auth import GoogleAuth
    from pydrive2.drive import GoogleDrive

    auth = GoogleAuth()
    auth.credentials = AccessTokenCredentials("practice-token", "benchmarks")
    auth.service = build(
        "drive",
        "v2",
        http=auth.credentials.authorize(httplib2.Http()),
        cache_discovery=False,
        client_options={"api_endpoint": f"{url}/drive/v2/"},
    )
    return GoogleDrive(auth)


def _plain_folder(drive, path):
    parent = "root"
    for name in path.split("/"):
        parent = drive.ListFile({"q": f"'{parent}' in parents and title = '{name}'"}).GetList()[0][
            "id"
        ]
    return parent


def _plain_files(url, folder, count):
    drive = _plain_drive(url)
    pages = drive.ListFile(
        {"q": f"'{_plain_folder(drive, folder)}' in parents", "maxResults": 1000}
    )
    found = itertools.islice(itertools.chain.from_iterable(pages), count)
    return [drive.CreateFile({"id": file["id"]}) for file in found]


def _download(file):
    import io

    from PIL import Image

    plain = file.auth and type(file)(
        file.auth, {"id": file["id"]}
    )  # one object per read: httplib2 is not thread-safe
    return _resize(Image.open(io.BytesIO(plain.GetContentIOBuffer().read())))


# the epochs after the first, in `fit`


def fit_constant(steps):
    """The constant batch."""
    return timed_fit(Constant(steps), epochs=3)


def fit_memory(steps):
    """A PyDataset over images in memory: batches of one array, nothing is read or decoded."""
    import keras
    import numpy as np

    images = np.random.default_rng(0).integers(0, 256, (steps * BATCH, HEIGHT, WIDTH, 3), np.uint8)
    order = np.random.default_rng(1).permutation(len(images))

    class Taken(keras.utils.PyDataset):
        def __len__(self):
            return steps

        def __getitem__(self, index):
            rows = order[index * BATCH : (index + 1) * BATCH]
            return images[rows], np.zeros(BATCH, np.int32)

    return timed_fit(Taken(), epochs=3)


def fit_ours(folder, cache):
    """StreamingSequence with a PixelCache, filled in the first epoch."""
    from colab_helpers.drive import connect
    from colab_helpers.stream import PixelCache, StreamingSequence, decoder

    drive = connect(folder)
    files = list(drive.list_images("."))
    sequence = StreamingSequence(
        files,
        drive.read,
        decoder(image_size=SIZE),
        batch_size=BATCH,
        cache=PixelCache(cache, max_bytes=10e9),
    )
    return timed_fit(sequence, epochs=3)


def fit_directory(folder):
    """image_dataset_from_directory with prefetch, which decodes again in each epoch."""
    import keras
    import tensorflow as tf

    data = keras.utils.image_dataset_from_directory(
        folder, image_size=SIZE, batch_size=BATCH, seed=0, verbose=False
    )
    return timed_fit(data.prefetch(tf.data.AUTOTUNE), epochs=2)


# memory, listing


def memory_ours(url, folder, count, images):
    """Peak memory while streaming about `images`, over what was resident after the listing."""
    import keras  # noqa: F401

    from colab_helpers.drive import connect
    from colab_helpers.stream import StreamingSequence, decoder

    drive = connect(endpoint=url)
    files = list(itertools.islice(drive.list_images(folder), count))
    decode = decoder(image_size=SIZE)
    sequence = StreamingSequence(files, drive.read, decode, batch_size=BATCH)
    with Meter() as meter:
        # As many batches from few files as from many, in several epochs: what differs then is the
        # files.
        epochs = itertools.chain.from_iterable(itertools.repeat(sequence))
        seen = sum(len(batch) for batch, _ in itertools.islice(epochs, images // BATCH))
    return meter.per(seen)


def list_ours(url, folder):
    """All files of a folder by list_images."""
    from colab_helpers.drive import connect

    drive = connect(endpoint=url)
    next(drive.list_images(folder))
    with Meter() as meter:
        files = list(drive.list_images(folder))
    return {
        **meter.per(len(files)),
        "seconds": meter.wall,
        "bytes a file": _kept(lambda: list(drive.list_images(folder))),
    }


def list_pydrive(url, folder):
    """All files of a folder by PyDrive2's own GetList, as its documentation shows it."""
    drive = _plain_drive(url)
    q = f"'{_plain_folder(drive, folder)}' in parents and trashed=false"
    with Meter() as meter:
        files = drive.ListFile({"q": q}).GetList()
    return {**meter.per(len(files)), "seconds": meter.wall}


def _kept(make):
    """Bytes that each item of a list keeps, by Python's own count."""
    import gc
    import tracemalloc

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    items = make()
    gc.collect()
    return (tracemalloc.get_traced_memory()[0] - before) / len(items)


def first_pictures(url, folder, count=32):
    """Requests until the first pictures of a large folder are read and decoded."""
    from colab_helpers.drive import connect
    from colab_helpers.stream import decoder

    folder = _plain_folder(_plain_drive(url), folder)  # finding a name is no page of the folder's
    before = _counts(url)
    drive, decode = connect(endpoint=url), decoder(image_size=SIZE)
    with Meter() as meter:
        for file in itertools.islice(drive.list_images(folder), count):
            decode(drive.read(file))
    after = _counts(url)
    return {"pages": after["list"] - before["list"], "seconds": meter.wall}


def _counts(url):
    with urllib.request.urlopen(f"{url}/counts", timeout=10) as answer:
        return json.load(answer)
