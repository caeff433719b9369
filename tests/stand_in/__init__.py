"""A stand-in for Google Drive over a local folder, with faults on request; see `FakeDrive`."""

from .drive import PRACTICE_TOKEN, REFRESH_TOKEN, FakeDrive
from .files import FOLDER, SHORTCUT, Extra
from .server import Fault, RandomFaults, every_fault

__all__ = [
    "FOLDER",
    "PRACTICE_TOKEN",
    "REFRESH_TOKEN",
    "SHORTCUT",
    "Extra",
    "FakeDrive",
    "Fault",
    "RandomFaults",
    "every_fault",
]
