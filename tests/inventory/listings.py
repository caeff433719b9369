"""Listings to try the inventory on, and a source that lists page by page."""

import dataclasses

from colab_helpers.inventory import File


def make_file(name, label="cat", *, size=50_000, md5=None, version="1", block=None):
    """A file of a class folder."""
    return File(
        id=f"id-{label}-{name}",
        name=name,
        label=label,
        path=f"{label}/{name}",
        size=size,
        md5=md5,
        version=version,
        block=block,
    )


def make_files(count, classes=5):
    """Files of several classes, none like another."""
    return [
        make_file(f"{number}.jpg", f"class_{number % classes}", md5=f"{number:032x}")
        for number in range(count)
    ]


def attributes(files):
    """All that is known of each file: more than what makes two files equal."""
    return [dataclasses.asdict(file) for file in files]


class PagedSource:
    """Lists page by page, tells where to go on, and knows what changed, as `Drive` does."""

    def __init__(self, files, page_size=10, dies_after=None):
        self.files = list(files)
        self.page_size = page_size
        self.dies_after = dies_after
        self.pages_asked = []
        self.changes = []  # ("changed", file) or ("removed", file)
        self.full_listing_needed = False

    def list_images(self, folder, *, position=None):
        return _PagedListing(self, position)

    def list_changes(self, position):
        if self.full_listing_needed:
            return None
        changed = {}
        removed = []
        for kind, file in self.changes[position["change_token"] :]:
            if kind == "changed":
                changed[file.id] = file
            else:
                removed.append(file.id)
        return list(changed.values()), removed, {**position, "change_token": len(self.changes)}


class _PagedListing:
    def __init__(self, source, position):
        self.position = position or {"page": 0, "change_token": len(source.changes)}
        self._files = self._walk(source)

    def _walk(self, source):
        count = 0
        for start in range(self.position["page"], len(source.files), source.page_size):
            self.position = {**self.position, "page": start}
            source.pages_asked.append(start)
            for file in source.files[start : start + source.page_size]:
                if count == source.dies_after:
                    raise KeyboardInterrupt
                count += 1
                yield file

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._files)
