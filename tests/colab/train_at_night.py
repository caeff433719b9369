"""Trains on pictures of a stand-in Drive, as a notebook on Colab does; for test_night.py.

    python train_at_night.py DRIVE_URL FOLDER

What Python writes to its standard error goes to FOLDER/stderr.txt, what compiled code writes to
FOLDER/messages.log, as a notebook's setup cell has it. The weights go to FOLDER/weights.npz.
"""

import os
import sys
import time
from pathlib import Path

URL, FOLDER = sys.argv[1], Path(sys.argv[2])
SPEED = 60  # seconds of this night go by in one second
EPOCHS = 20
SEED = 0

with open(FOLDER / "messages.log", "a") as log:
    os.dup2(log.fileno(), 2)
sys.stderr = open(FOLDER / "stderr.txt", "a", buffering=1)


def clock():
    """Seconds of this night."""
    return time.monotonic() * SPEED


def sleep(seconds):
    """Waits for so many seconds of this night."""
    time.sleep(seconds / SPEED)


def tell(epoch, logs=None):
    """Prints an epoch at once, for who waits for it."""
    print(epoch, flush=True)


def make_model(decode, classes):
    """A small network with random states of its own."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(SEED)
    model = keras.Sequential(
        [
            layers.Input(decode.shape, dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    """Trains to the end, from wherever an earlier run was killed; prints each epoch."""
    import keras
    import numpy as np
    import tensorflow as tf
    from google.auth import compute_engine

    from colab_helpers import ResumeTraining, StreamingSequence, augmenter, decoder
    from colab_helpers.drive import Drive

    tf.config.experimental.enable_op_determinism()
    credentials = compute_engine.Credentials(scopes=["https://www.googleapis.com/auth/drive"])
    drive = Drive(credentials, URL, deadline=1, clock=clock, sleep=sleep)
    files = list(drive.list_images("practice"))
    decode = decoder((16, 16))
    augment = augmenter(rotation_range=15, horizontal_flip=True)
    train = StreamingSequence(
        files, drive.read, decode, batch_size=8, reads=2, seed=SEED, augment=augment
    )
    model = make_model(decode, len(train.class_names))
    os.chdir(FOLDER)
    resume = ResumeTraining(train, "run", save_freq=2, drive=drive)
    teller = keras.callbacks.LambdaCallback(on_epoch_begin=tell)
    model.fit(train, epochs=EPOCHS, verbose=0, callbacks=[resume, teller])
    np.savez(FOLDER / "weights.npz", *model.get_weights())


main()
