"""Which file goes into which shard, under which name: a pure function of the listing."""

import random

import pytest

from colab_helpers.drive import File
from colab_helpers.sources.shards import name_members, plan_shards


def listed(file_id, name="1.jpg", label="rose", size=400):
    return File(file_id, name, label, f"{label}/{name}", size, None, version="1")


@pytest.mark.parametrize(
    "label, name, path",
    [
        ("rose", "1.jpg", "rose/1.jpg"),
        ("a/b", "c\\d.jpg", "a_b/c_d.jpg"),
        ("..", "..", "_./_."),
        (".hidden", ".1.jpg", "_hidden/_1.jpg"),
        ("", "", "_/_"),
        (" rose ", " 1.jpg ", "rose/1.jpg"),
        ('a:b*c?"<>|', "nul\0\x1f.jpg", "a_b_c_____/nul__.jpg"),
        ("rosé", "\udc80.jpg", "rosé/_.jpg"),
    ],
)
def test_a_path_is_one_that_any_system_takes(label, name, path):
    """Its folder is the label; what a system cannot hold in a name is an underscore."""
    (member,) = name_members([listed("id", name, label)])
    assert member.path == path


def test_paths_that_would_be_one_get_a_mark_of_their_ids():
    """Also where only capitals tell them apart, or the ending; others keep their names."""
    files = [
        listed("a", "1.jpg"),
        listed("b", "1.JPG"),
        listed("c", "1.png"),
        listed("d", "2.jpg"),
    ]
    paths = {member.file.id: member.path for member in name_members(files)}
    assert paths["d"] == "rose/2.jpg"
    assert paths["a"] == "rose/1-40f89e395b66422f.jpg"
    assert len({path.lower() for path in paths.values()}) == 4
    assert all(path.startswith("rose/1-") for path in (paths["a"], paths["b"], paths["c"]))


def test_the_order_is_that_of_the_ids_alone():
    """Whatever the order of the listing, and whatever the names are."""
    files = [listed(f"id{n}", f"{n}.jpg") for n in range(50)]
    renamed = [listed(f"id{n}", f"{50 - n}.jpg", "tulip") for n in range(50)]
    random.Random(0).shuffle(renamed)
    order = [member.file.id for member in name_members(files)]
    assert order == [member.file.id for member in name_members(renamed)]
    assert order != [file.id for file in files]


@pytest.mark.parametrize(
    "shard_bytes, longest_side, counts",
    [
        (400, None, [1] * 6),
        (800, None, [2, 2, 2]),
        (801, None, [3, 3]),
        (10_000, None, [6]),
        (1, None, [1] * 6),
        (800, 20, [4, 2]),  # half a byte a pixel: 200 bytes each
        (800, 100, [2, 2, 2]),  # smaller already than what it would be made to
    ],
)
def test_a_shard_is_full_with_so_many_bytes(shard_bytes, longest_side, counts):
    """The file that fills it is its last; none is empty."""
    files = [listed(f"id{n}", f"{n}.jpg", size=400) for n in range(6)]
    shards = plan_shards(files, shard_bytes, longest_side)
    assert [len(shard.members) for shard in shards] == counts
    assert [shard.name for shard in shards] == [f"shard-{n:05}.zip" for n in range(len(counts))]


def test_files_of_no_known_size_share_a_shard():
    """A Google document has none."""
    files = [listed(f"id{n}", size=None) for n in range(6)]
    assert len(plan_shards(files, shard_bytes=100)) == 1


def test_an_empty_listing_makes_no_shard():
    assert plan_shards([], shard_bytes=100) == []
