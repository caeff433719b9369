"""`make flowers17 FOLDER=...`: the Flowers-17 tutorial's job, streamed, three seeds a network.

1,020 pictures to train and 340 to test, stratified; 64 x 64; from scratch; at most 75 epochs.
MiniVGGNet is the tutorial's network, which reached 0.77 there; beside it stands a deeper one with
fewer weights. No test picture has a say in anything: the settings were chosen within the 1,020, by
five-fold cross-validation (816 to train, 204 to test), which `--validate` does once. The weights
are those of the last epoch, averaged over the last steps.

Prints the report; saves it with the curves, the confusion and the settings in out/flowers17.
"""

import argparse
import functools
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

from colab_helpers.drive import connect  # noqa: E402
from colab_helpers.evaluation import predict_once, report  # noqa: E402
from colab_helpers.inventory import split  # noqa: E402
from colab_helpers.plots import plot_confusion, plot_learning_curves  # noqa: E402
from colab_helpers.stream import (  # noqa: E402
    PixelCache,
    StreamingSequence,
    augmenter,
    decoder,
)
from tests.benchmarks.measure import Server  # noqa: E402

SIDE = 64  # pixels: what the networks see
# So that a part of a picture is still sharp; the networks' first layer halves it.
DECODED = 2 * SIDE
# Of width and height, at the test: about what training shows of a picture (Touvron et al., 2019).
LOOKED_AT = 0.8
SETTINGS = {
    "batch_size": 16,
    "learning_rate": 2.5e-3,
    "warm_up_epochs": 3,
    "weight_decay": 0.3,
    "mixup_share": 0.4,  # of the batches
    "mixup_beta": 0.4,
    "average_momentum": 0.99,
}
AUGMENT = {
    "rotation_range": 6,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "zoom_range": (0.63, 1.0),
    "horizontal_flip": True,
    "channel_shift_range": 18,
    "brightness_range": (0.88, 1.12),
    "fill_mode": "reflect",
}
NETWORKS = {
    "MiniVGGNet": {"filters": (32, 64), "dropout": 0.25, "dense": 512, "last_dropout": 0.5},
    "deeper": {"filters": (32, 64, 128, 256), "dropout": 0.1, "dense": None, "last_dropout": 0.3},
}


def network(filters, dropout, dense, last_dropout, classes):
    """Pairs of 3 x 3 convolutions with ReLU and batch norm, then pooling; `dense` None averages."""
    x = inputs = keras.Input((DECODED, DECODED, 3))
    x = layers.AveragePooling2D(DECODED // SIDE)(layers.Rescaling(1 / 127.5, -1)(x))
    for count in filters:
        for _ in range(2):
            x = layers.BatchNormalization()(
                layers.Conv2D(count, 3, padding="same", activation="relu")(x)
            )
        x = layers.Dropout(dropout)(layers.MaxPooling2D()(x))
    if dense:
        x = layers.BatchNormalization()(layers.Dense(dense, activation="relu")(layers.Flatten()(x)))
    else:
        x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax", dtype="float32")(
        layers.Dropout(last_dropout)(x)
    )
    return keras.Model(inputs, x)


class MixUp(keras.utils.PyDataset):
    """Lays other pictures over those of some batches, and blends their labels as much.

    Zhang et al., 2018. All batches are float32, mixed or not."""

    def __init__(self, sequence, seed):
        super().__init__(workers=1)
        self.sequence, self.rng = sequence, np.random.default_rng(seed)
        self.on_epoch_begin, self.on_epoch_end = sequence.on_epoch_begin, sequence.on_epoch_end

    def __len__(self):
        return len(self.sequence)

    def __getitem__(self, index):
        images, labels = self.sequence[index]
        images = images.astype(np.float32)
        if self.rng.random() < SETTINGS["mixup_share"]:
            kept = np.float32(self.rng.beta(SETTINGS["mixup_beta"], SETTINGS["mixup_beta"]))
            order = self.rng.permutation(len(images))
            images = kept * images + (1 - kept) * images[order]
            labels = kept * labels + (1 - kept) * labels[order]
        return images, labels


class Progress(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 0 or (epoch + 1) % 15 == 0:
            print(
                f"    epoch {epoch + 1:2}: loss {logs['loss']:.2f}, "
                f"accuracy {logs['accuracy']:.2f} on pictures as they "
                "are trained on, mixed and varied",
                flush=True,
            )


def train(name, stream, train_files, test_files, epochs, seed):
    """Trains one network with one seed; returns its history, test probabilities and test labels."""
    keras.utils.set_random_seed(seed)
    sequence = stream(
        train_files,
        label_mode="categorical",
        batch_size=SETTINGS["batch_size"],
        seed=seed,
        augment=augmenter(**AUGMENT),
    )
    model = network(**NETWORKS[name], classes=len(sequence.class_names))
    model.compile(
        optimizer(len(sequence), epochs),
        keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    mixed = MixUp(sequence, seed)
    history = model.fit(mixed, epochs=epochs, callbacks=[Progress()], verbose=0).history
    test = stream(test_files, shuffle=False, class_names=sequence.class_names)
    return history, *predict_once(looked_at(model), test)[:2]


def optimizer(steps, epochs):
    """AdamW, with weights averaged over the last steps and a rate that warms up and falls."""
    rate = SETTINGS["learning_rate"]
    warm_up = min(SETTINGS["warm_up_epochs"], epochs // 2) * steps
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 20, epochs * steps - warm_up, warmup_target=rate, warmup_steps=warm_up
    )
    return keras.optimizers.AdamW(
        schedule,
        weight_decay=SETTINGS["weight_decay"],
        use_ema=True,
        ema_momentum=SETTINGS["average_momentum"],
    )


def looked_at(model):
    """The model at the test: it sees the middle of a picture, and the mirror image of that."""
    inputs, side = keras.Input((DECODED, DECODED, 3)), int(LOOKED_AT * DECODED)
    x = layers.Resizing(DECODED, DECODED)(layers.CenterCrop(side, side)(inputs))
    return keras.Model(inputs, layers.average([model(x), model(keras.ops.flip(x, axis=2))]))


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="Flowers-17 in class folders")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="which of them")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=75)
    parser.add_argument(
        "--validate", action="store_true", help="leave the test pictures alone: 816 train, 204 test"
    )
    parser.add_argument("--out", type=Path, default=Path("out/flowers17"))
    return parser.parse_args()


def main():
    choice = parse()
    if not choice.folder.is_dir():
        sys.exit(
            f"There is no folder '{choice.folder}'. "
            "Name one of class folders: make flowers17 FOLDER=path"
        )
    keras.mixed_precision.set_global_policy(fast_policy())
    choice.out.mkdir(parents=True, exist_ok=True)
    say = Said(choice.out / "report.txt")
    found = {}
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "drive"
        folder.mkdir()
        with Server(folder, "--mount", f"flowers17={choice.folder.resolve()}") as server:
            drive = connect(endpoint=server.url)
            stream = functools.partial(
                StreamingSequence,
                read=drive.read,
                decode=decoder((DECODED, DECODED)),
                cache=PixelCache(Path(work) / "pixels", max_bytes=1e9),
            )
            parts = train_and_test(drive, choice.validate)
            train_count, test_count = map(len, parts)
            say(f"{train_count} pictures to train, {test_count} to test; {fast_policy()}")
            for name in choice.networks.split(","):
                for seed in range(choice.seeds):
                    run = one_run(name, stream, parts, seed, choice, say)
                    found.setdefault(name, []).append(run)
                    save_settings(choice, found)
    for name, runs in found.items():
        mean = np.mean([run["accuracy"] for run in runs])
        say(f"{name}: mean test accuracy over {len(runs)} seeds {mean:.3f}")


class Said:
    """Prints a line, and keeps it in a file."""

    def __init__(self, path):
        self._path = path
        path.write_text("")

    def __call__(self, text):
        print(text, flush=True)
        with open(self._path, "a") as out:
            print(text, file=out)


def fast_policy():
    """Convolutions take half the time where the processor has bfloat16."""
    cpu = Path("/proc/cpuinfo")
    has_bfloat16 = cpu.exists() and "avx512_bf16" in cpu.read_text()
    return "mixed_bfloat16" if has_bfloat16 else "float32"


def train_and_test(drive, validate):
    """The files of both parts, stratified; to validate, both are of what else is trained on."""
    parts = split(drive.list_images("flowers17"), (0.75, 0.25), seed=0, exact=True)
    return split(parts[0], (0.8, 0.2), seed=0, exact=True) if validate else parts


def one_run(name, stream, parts, seed, choice, say):
    """Trains a network with a seed, tests it, and says and draws the result."""
    begun = time.perf_counter()
    history, probabilities, labels = train(name, stream, *parts, choice.epochs, seed)
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    minutes = round((time.perf_counter() - begun) / 60, 1)
    say(f"{name}, seed {seed}: test accuracy {accuracy:.3f} after {minutes} minutes")
    if seed == 0:
        names = sorted({file.label for file in parts[0]})
        say(report(probabilities, labels, names).round(2).to_string())
        plot_learning_curves(history).savefig(choice.out / f"{name}_curves.png")
        confusion = plot_confusion(labels, probabilities, names)
        confusion.savefig(choice.out / f"{name}_confusion.png")
    return {"seed": seed, "accuracy": round(accuracy, 4), "minutes": minutes}


def save_settings(choice, found):
    """What was found, with all that it depends on."""
    kept = {
        "settings": SETTINGS,
        "augment": AUGMENT,
        "networks": NETWORKS,
        "epochs": choice.epochs,
        "side": SIDE,
        "decoded": DECODED,
        "looked_at": LOOKED_AT,
        "precision": fast_policy(),
        "validate": choice.validate,
        "found": found,
    }
    (choice.out / "settings.json").write_text(json.dumps(kept, indent=2))


if __name__ == "__main__":
    main()
