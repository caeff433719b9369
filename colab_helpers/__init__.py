"""Train Keras models on pictures that stay on Google Drive.

Each file stands alone: none imports another, so the one you need can be copied
into your own project. What a file needs is named in its first lines.

- `drive.py`: sign in, list a folder by ID, read bytes, upload a result.
- `cache.py`: what was read or decoded once, kept on the local disk, bounded.
- `inventory.py`: a listing as a table; split it, save it, refresh it.
- `images.py`: bytes to pixels, and pixels to varied pixels.
- `sequence.py`: `StreamingSequence`, the batches that `model.fit` takes.
- `training.py`: resume a run that was cut off; tell whether training waits for data.
- `evaluation.py`: predict each picture once; a report and the mistakes.
- `plots.py`: one function, one figure.
- `widgets.py`: pick a folder, try augmentations, watch a run.
- `practice.py`: draws a folder of pictures to practise with.
- `archives.py`: pictures in a ZIP on Drive, read where they lie.
- `csv_images.py`: pictures as rows of numbers in a CSV.
- `kedro_io.py`: a listing and a stream as datasets of a Kedro pipeline.
"""
