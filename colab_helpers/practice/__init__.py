"""Pictures to practise with: class folders of small, photo-like drawings.

Nobody needs pictures of their own to try the course. The same numbers draw the same pictures on
every machine, and a folder can hold the troubles of a real Drive too. Who has a network and prefers
photographs fetches some.

Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from colab_helpers.practice import make_practice_folder
    >>> folder = make_practice_folder(tempfile.mkdtemp(), classes=2, files_per_class=3)
    >>> sorted(path.name for path in Path(folder, "balloon").iterdir())
    ['balloon_001.jpg', 'balloon_002.jpg', 'balloon_003.png']

From a colour to a folder, each file uses those above it:

    checks.py     refuses a number that is none
    light.py      colours, and what the light of a time of day makes of them
    shapes.py     outlines: rectangles, trapezoids, ovals
    canvas.py     a picture to draw on, which begins as a sky; explains the coordinates
    landscape.py  what a scene stands on: hills, a plain, the sea, a lake
    scenes.py     one scene for each class: balloon, flower, lighthouse, mountain, sailboat
    targets.py    what can be learnt from a picture: its mask, words, numbers
    picture.py    (index, number, seed) -> one picture with its mask, and the bytes of files
    troubles.py   broken files, unusual pictures and awkward names
    whole.py      folders that are filled wholly or not at all
    folder.py     class folders of pictures, with masks and a table
    flowers.py    real photographs, fetched: TensorFlow's flower photos

This room imports no other, so the folder `practice` can be copied alone.
"""

from .flowers import flowers_path
from .folder import make_practice_folder, practice_path
from .picture import draw_picture

__all__ = ["practice_path", "flowers_path", "make_practice_folder", "draw_picture"]

practice_drive = practice_path  # the name until 0.2; gone in 0.3
