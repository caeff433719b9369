"""Files that are broken, or made to hurt, are refused in one sentence.

There is no crash, no hang, and no flood of memory.

    python tests/stream/test_hostile_images.py 0 2000

decodes 2,000 damaged files drawn from seed 0, in this very process, and prints a line for each.
"""

import io
import json
import math
import random
import re
import resource
import struct
import subprocess
import sys
import time
import traceback
import zlib
from pathlib import Path

import pytest
from PIL import Image

from colab_helpers.stream import ImageError, decoder

MEMORY = 3 << 30  # address space of the process that decodes; beyond it an allocation fails
PEAK = 2 << 30  # of memory really used: 24 bytes for each of the 89 million pixels that are allowed
SECONDS = 20  # of CPU for one file; beyond it the kernel ends the process that decodes
EXTREME = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def originals():
    """Small pictures in all formats and modes that this Pillow writes and reads: name -> bytes."""
    Image.init()
    rough = Image.frombytes("RGB", (6, 4), random.Random(0).randbytes(72)).resize(
        (48, 32), Image.Resampling.BICUBIC
    )
    found = {}
    for format in sorted(set(Image.SAVE) & set(Image.OPEN) | {"MPO"}):
        for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "F"):
            data = io.BytesIO()
            try:
                rough.convert("I" if mode == "I;16" else mode).convert(mode).save(data, format)
                with Image.open(io.BytesIO(data.getvalue())) as image:
                    image.load()
            except Exception:
                continue  # this format does not hold this mode
            found[f"{format}-{mode}"] = data.getvalue()
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, options in {
        "JPEG-progressive": {"format": "JPEG", "progressive": True, "exif": exif},
        "PNG-interlaced": {"format": "PNG", "exif": exif, "pnginfo": None},
        "TIFF-lzw": {"format": "TIFF", "compression": "tiff_lzw"},
        "TIFF-deflate": {"format": "TIFF", "compression": "tiff_adobe_deflate"},
        "TIFF-jpeg": {"format": "TIFF", "compression": "jpeg"},
        "GIF-frames": {
            "format": "GIF",
            "save_all": True,
            "append_images": [rough.rotate(90), rough.rotate(180)],
        },
        "PNG-frames": {"format": "PNG", "save_all": True, "append_images": [rough.rotate(90)]},
        "WEBP-frames": {"format": "WEBP", "save_all": True, "append_images": [rough.rotate(90)]},
        "WEBP-lossless": {"format": "WEBP", "lossless": True},
    }.items():
        data = io.BytesIO()
        rough.save(data, **options)
        found[name] = data.getvalue()
    return found


def damaged(rng, files):
    """Returns a name and bytes: a real file after one to four strokes of bad luck."""
    name = rng.choice(sorted(files))
    data, strokes = bytearray(files[name]), []
    for _ in range(rng.randint(1, 4)):
        # As often near the header as elsewhere.
        place = int(len(data) * rng.random() ** rng.choice((1, 4)))
        stroke = rng.choice(
            ("flip", "flip", "number", "number", "cut", "splice", "repeat", "insert", "zero")
        )
        strokes.append(stroke)
        if stroke == "flip" and data:
            data[place] ^= 1 << rng.randrange(8)
        elif stroke == "number":
            order, kind = rng.choice("<>"), rng.choice("BHI")
            number = rng.choice(EXTREME) & (256 ** struct.calcsize(kind) - 1)
            data[place : place + struct.calcsize(kind)] = struct.pack(order + kind, number)
        elif stroke == "cut":
            del data[place + 4 :]
        elif stroke == "splice":
            other = files[rng.choice(sorted(files))]
            data[place:] = other[int(len(other) * rng.random()) :]
        elif stroke == "repeat":
            data[place:place] = data[place : place + rng.randint(1, 64)] * rng.randint(1, 50)
        elif stroke == "insert":
            data[place:place] = rng.randbytes(rng.randint(1, 32))
        elif stroke == "zero":
            data[place : place + 16] = bytes(len(data[place : place + 16]))
    return f"{name} {'+'.join(strokes)}", bytes(data)


def png(width, height, *chunks, depth=8, colour=0, data=b""):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    parts = [header, *(chunk(*one) for one in chunks), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def zeros(megabytes):
    """Deflated zeros: a thousandth of their size."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def tiff(width, height, **tags):
    """A TIFF of one strip of 16 bytes that claims this size."""
    entries = {
        256: width,
        257: height,
        258: 8,
        259: 1,
        262: 1,
        273: 8,
        277: 1,
        278: height,
        279: 16,
    }
    entries |= {int(tag[1:]): value for tag, value in tags.items()}
    fields = b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items())
    )
    return (
        b"II*\0"
        + struct.pack("<I", 24)
        + bytes(16)
        + struct.pack("<H", len(entries))
        + fields
        + bytes(4)
    )


def jpeg(width, height, scans=1):
    """A progressive JPEG whose scans are empty: each makes a decoder walk over all blocks."""
    data = io.BytesIO()
    Image.new("L", (16, 16), 200).save(data, "JPEG", progressive=True)
    data = bytearray(data.getvalue())
    frame, scan = data.index(b"\xff\xc2"), data.index(b"\xff\xda")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    length = struct.unpack(">H", data[scan + 2 : scan + 4])[0]
    return bytes(data[:scan] + data[scan : scan + 2 + length] * scans + data[scan:])


def small(format, **options):
    data = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(data, format, **options)
    return data.getvalue()


def patched(data, mark, after, new):
    """Returns the data with new bytes written `after` bytes behind a mark."""
    place = data.index(mark) + len(mark) + after
    return data[:place] + new + data[place + len(new) :]


def bombs(large):
    """Files that claim, or unpack to, far more than they weigh: name -> bytes."""
    found = {}
    for side in (20_000, 65_500, 2**31 - 1):
        found[f"png {side}"] = png(side, side, depth=1, data=zeros(2))
        found[f"gif {side}"] = (
            b"GIF89a"
            + struct.pack("<HH", side & 0xFFFF, side & 0xFFFF)
            + bytes(3)
            + (
                b","
                + struct.pack("<HHHH", 0, 0, side & 0xFFFF, side & 0xFFFF)
                + b"\0\x02\x02\x44\x01\0;"
            )
        )
        found[f"bmp {side}"] = b"BM" + struct.pack(
            "<IIIIiiHHIIIIII", 70, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0
        )
        found[f"tiff {side}"] = tiff(side, side)
        found[f"tiff tile {side}"] = tiff(64, 64, _322=side, _323=side, _324=8, _325=16)
        found[f"ppm {side}"] = b"P6 %d %d 255\n" % (side, side)
        found[f"jpeg {side}"] = jpeg(side & 0xFFFF, side & 0xFFFF)
        inner = png(side, side, data=zeros(1))
        found[f"ico {side}"] = (
            b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(inner), 22) + inner
        )
        found[f"icns {side}"] = (
            b"icns"
            + struct.pack(">I", len(inner) + 16)
            + b"ic09"
            + (struct.pack(">I", len(inner) + 8) + inner)
        )
        claimed = struct.pack(">II", side, side)
        found[f"jpeg2000 {side}"] = patched(small("JPEG2000"), b"\xff\x51", 4, claimed)
        found[f"jpeg2000 tiles {side}"] = patched(
            small("JPEG2000"), b"\xff\x51", 4, claimed + bytes(8) + b"\0\0\0\1" * 2
        )
        if "AVIF" in Image.SAVE:
            found[f"avif {side}"] = patched(small("AVIF"), b"ispe", 4, claimed)
    frames = small("WEBP", save_all=True, append_images=[Image.new("L", (16, 16))])
    found["webp"] = patched(
        frames, b"VP8X", 8, (16_777_214).to_bytes(3, "little") + (254).to_bytes(3, "little")
    )
    found["png row"] = png(80_000_000, 1, data=zeros(1))
    found["png column"] = png(1, 80_000_000, data=zeros(1))
    found["png text"] = png(9, 9, (b"zTXt", b"a\0\0" + zeros(20)), data=zeros(1))
    found["png profile"] = png(9, 9, (b"iCCP", b"a\0\0" + zeros(20)), data=zeros(1))
    found["png texts"] = png(9, 9, *[(b"zTXt", b"a\0\0" + zeros(1))] * 500, data=zeros(1))
    found["png surplus"] = png(9, 9, data=zeros(50))
    found["jpeg scans"] = scans = jpeg(9_000, 9_000, scans=20_000)
    found["tiff scans"] = tiff(9_000, 9_000, _259=7, _273=170, _279=len(scans)) + bytes(16) + scans
    found["tiff loop"] = tiff(4, 4)[:-4] + struct.pack("<I", 24)
    if large:
        side = 9_400  # just below the limit, so that it is decoded
        found["png grey at the limit"] = png(side, side, data=zeros(90))
        found["png colour at the limit"] = png(side, side, colour=2, data=zeros(270))
        found["png clear at the limit"] = png(side, side, colour=6, data=zeros(360))
        found["png deep at the limit"] = png(side, side, depth=16, data=zeros(180))
        for format in ("GIF", "TIFF", "JPEG", "WEBP", "JPEG2000"):
            data, (width, height) = io.BytesIO(), (16_000, 5_500)
            options = {
                "TIFF": {"compression": "tiff_lzw"},
                "JPEG2000": {"tile_size": (1000, 1000)},
            }.get(format, {})
            Image.new("RGB", (width, height), "red").save(data, format, **options)
            found[f"{format} at the limit"] = data.getvalue()
    return found


def decode_all(files, seconds=SECONDS):
    """Prints what became of each file, as a line of JSON."""
    decoders = [
        decoder((32, 32)),
        decoder((24, 40), color_mode="grayscale", fit="crop", library="pillow"),
        decoder((32, 32), library="pillow"),
    ]
    for number, (name, data) in enumerate(files):
        # The last line of a process that died names its file.
        print(f"{name}: ", end="", flush=True)
        limit_processor_time(seconds)
        forget_peak_of_memory()
        told = {"name": name}
        try:
            decoders[number % 3](data)
        except ImageError as error:
            told["reason"] = str(error)
        except BaseException:
            told["trouble"] = traceback.format_exc()
        told["peak"] = peak_of_memory()
        print(json.dumps(told), flush=True)


def limit_processor_time(seconds):
    used = math.ceil(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))


def forget_peak_of_memory():
    Path("/proc/self/clear_refs").write_text("5")  # on Linux


def peak_of_memory():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10


def results(*arguments, timeout):
    """Decodes in a process of its own, with limits; returns what became of each file."""
    answer = subprocess.run(
        [sys.executable, "-X", "faulthandler", __file__, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    lines = answer.stdout.splitlines()
    assert answer.returncode == 0, f"died at {lines[-1:]}: {answer.stderr[-2000:]}"
    # libtiff and libjpeg write to the terminal by themselves; Python has nothing to say.
    assert "Warning" not in answer.stderr, answer.stderr[-2000:]
    assert "Traceback" not in answer.stderr, answer.stderr[-2000:]
    return [json.loads(line[line.index(': {"name"') + 2 :]) for line in lines]


def check(told):
    for one in told:
        assert "trouble" not in one, one
        assert one["peak"] < PEAK, one
        reason = one.get("reason", "All is well.")
        assert reason.endswith("."), one
        assert reason.isprintable(), one
        assert len(reason) < 250, one
        assert "object at 0x" not in reason, one


def test_damaged_files_of_every_format_are_decoded_or_refused():
    told = results(0, 1000, timeout=120)
    check(told)
    assert len(told) == 1000
    refused = sum("reason" in one for one in told)
    assert 300 < refused < 990  # a fuzzer that breaks all, or none, tests nothing
    assert max(one["peak"] for one in told) < 400 << 20


def test_bombs_are_refused_before_they_go_off():
    told = results("bombs", timeout=120)
    check(told)
    assert max(one["peak"] for one in told) < 400 << 20
    for one in told:
        assert "reason" in one or one["name"] in ("png surplus", "tiff loop"), one


@pytest.mark.slow
def test_fifty_thousand_damaged_files_and_the_largest_that_are_allowed():
    for seed in range(1, 6):
        check(results(seed, 10_000, timeout=1200))
    check(results("large bombs", timeout=600))


if __name__ == "__main__":
    if sys.argv[1] == "bombs":
        decode_all(bombs(large=False).items(), seconds=3)
    elif sys.argv[1] == "large bombs":
        decode_all(bombs(large=True).items())
    else:
        dice = random.Random(int(sys.argv[1]))
        files = originals()
        decode_all(damaged(dice, files) for _ in range(int(sys.argv[2])))
