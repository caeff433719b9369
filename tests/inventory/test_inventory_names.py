"""What names promise: there is one file class, and old names work for one release."""

import pytest

from colab_helpers import drive, inventory


def test_a_file_of_the_inventory_is_a_file_of_drive():
    """One class, wherever a listing came from."""
    assert inventory.File is drive.File


@pytest.mark.parametrize(
    "old, new",
    [
        ("table", "file_table"),
        ("resume", "take_inventory"),
        ("refresh", "refresh_inventory"),
        ("save", "save_inventory"),
        ("load", "load_inventory"),
    ],
)
def test_a_name_of_version_0_1_is_the_same_function(old, new):
    """A notebook that was copied goes on working until 0.3."""
    assert getattr(inventory, old) is getattr(inventory, new)
