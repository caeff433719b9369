"""Whose fault an error is: a file's, which may be left out, or one that ends the run.

- **A file's**: what `read`, `decode` or `augment` raises, but for what follows. With
  `on_bad_file="skip"` the file is left out; else the error is raised in a text that names it.
- **The code's**: an error that speaks of a program rather than of a file (`OF_CODE`). It is raised
  as it is.
- **Everybody's**: no memory, or an error with a true attribute `ends_run`, such as a lost sign-in.
  The next file would fare no better. It is raised as it is.
"""

from __future__ import annotations

from .messages import file_named, text_of

__all__ = ["OF_CODE", "is_of_file", "raised_for_file", "raised_for_mask", "raised_for_run"]

OF_CODE = (
    NameError,
    TypeError,
    AttributeError,
    ImportError,
    LookupError,  # KeyError, IndexError
    ArithmeticError,  # ZeroDivisionError, OverflowError
    AssertionError,
    NotImplementedError,
)


def is_of_file(error: BaseException) -> bool:
    """Whether an error of `read`, `decode` or `augment` speaks of its file alone.

    Example:
        >>> is_of_file(OSError("it is cut off")), is_of_file(NameError("imagge"))
        (True, False)
    """
    if not isinstance(error, Exception) or isinstance(error, (MemoryError, *OF_CODE)):
        return False
    return not getattr(error, "ends_run", False)


def raised_for_file(error: BaseException, file: object) -> BaseException:
    """What is raised for the error of a file: in a text that names the file and the next step."""
    said = text_of(error)
    named = file_named(file)
    if named in said:  # as Drive's errors do
        return error
    told = RuntimeError(
        f"Could not read {named}: {said.rstrip('.')}. "
        'Take it off the list, or leave such files out with `on_bad_file="skip"`.'
    )
    told.__cause__ = error
    return told


def raised_for_mask(error: BaseException, mask_file: object) -> BaseException:
    """What is raised, for the picture, for an error of its mask: a text that names the mask."""
    named = file_named(mask_file)
    if not is_of_file(error):
        if isinstance(error, Exception):
            error.add_note(f"It was raised for the mask {named}.")
        return error
    said = text_of(error)
    told = ValueError(f"its mask: {said}" if named in said else f"its mask {named}: {said}")
    told.__cause__ = error
    return told


def raised_for_run(error: BaseException, file: object) -> BaseException:
    """What is raised for an error that is no file's: the error itself, with a note of the file."""
    if not isinstance(error, Exception):
        # In the thread that waits for the batch, it would end the program, or nothing at all.
        told = RuntimeError(f"{text_of(error)} was raised for {file_named(file)}.")
        told.__cause__ = error
        return told
    if file_named(file) in text_of(error):
        return error
    note = f"It was raised for {file_named(file)}."
    if isinstance(error, OF_CODE):
        note += (
            " It speaks of code, so the file is not taken for a bad one: those raise ValueError."
        )
    error.add_note(note)
    return error
