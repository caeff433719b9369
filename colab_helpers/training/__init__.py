"""Two callbacks for `model.fit`: one goes on after a kill, one tells whether it waits for data.

Example:
    >>> import tempfile
    >>> import keras
    >>> import numpy as np
    >>> class Batches(keras.utils.PyDataset):  # stands in for a StreamingSequence
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return np.full((2, 3), index, "float32"), np.zeros((2, 1), "float32")
    ...     def state_dict(self, epoch, batches_trained):
    ...         return {"epoch": epoch, "batches_trained": batches_trained}
    ...     def load_state_dict(self, state):
    ...         pass
    >>> train = Batches()
    >>> folder = tempfile.mkdtemp() + "/run1"
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> first = model.fit(train, epochs=2, verbose=0, callbacks=[ResumeTraining(train, folder)])
    >>> again = model.fit(
    ...     train, epochs=2, verbose=0, callbacks=[ResumeTraining(train, folder)]
    ... )  # doctest: +ELLIPSIS
    Nothing is left to train: all 2 epochs are done. For a new run, give another folder than '...'.
    >>> again.history == first.history
    True

The files, in the direction in which a checkpoint goes:

    resume.py         ResumeTraining: what Keras calls when, and what is done then
    state.py          what training changes in a model: its variables, and its history
    kept_callback.py  what training changes in callbacks
    learning_rate.py  the checkpoint's, unless the user changed it
    short_epoch.py    an epoch of which only the rest is trained
    values.py         values as JSON and arrays, and back
    checkpoint.py     what a checkpoint holds
    kept_files.py     the files that callbacks write
    sealed.py         the file that all these are in, which notices damage
    store.py          where a run's checkpoints are: two such files, and a copy on Drive
    drive_copy.py     the copy on Drive, sent in the background
    processes.py      one run in several processes, as JAX knows them

    meter.py          InputMeter: how fast pictures came, and what would make them faster
    keras_logs.py     what Keras tells a callback
"""

from .meter import InputMeter
from .resume import ResumeTraining

__all__ = ["ResumeTraining", "InputMeter"]
