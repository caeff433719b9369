"""Many machines, played by processes of this one; the scripts are the cells of notebook 10."""

import collections
import hashlib
import importlib.metadata
import json
import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import pytest

from colab_helpers.drive import connect
from colab_helpers.sources import pack
from one_notebook import ROOT

CELLS = {
    cell.id: cell.source
    for cell in nbformat.read(ROOT / "notebooks" / "10_many_machines.ipynb", 4).cells
}
pytest.importorskip("distributed")
pytest.importorskip("jax")


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """Runs cells of the notebook, by their names, in an empty folder; returns what they define."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")

    def run(*names, **settings):
        defined = {"os": os, "Path": Path}
        for name in ("settings", *names):
            source = CELLS[name]
            if file := re.match(r"%%writefile( --append)? (\S+)\n", source):
                with open(file[2], "a" if file[1] else "w") as out:
                    out.write(source[file.end() :] + "\n")
            else:
                exec(source, defined)
            defined.update(settings)
        return defined

    yield run
    sys.modules.pop("machine", None)


# --- packing with Dask
# ----------------------------------------------------------------------------------


@pytest.fixture
def dask_client(notebook):
    """Starts Dask on two workers, each with the notebook's sign-in."""
    from dask.distributed import Client, LocalCluster

    notebook("machine", "plugin", "read")
    started = []

    def start(rate=27):
        import machine

        cluster = LocalCluster(2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
        client = Client(cluster)
        started.extend([client, cluster])
        client.register_plugin(machine.SignIn(None, rate), name="sign-in")
        return client

    yield start
    for one in started:
        one.close()


def shards(folder):
    return {
        path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in Path(folder).iterdir()
    }


def pack_twice(count, dask_client, drive_server, practice, monkeypatch):
    """Packs files on two workers, one of which is killed, and in this process; compares."""
    from dask.distributed import as_completed

    server = drive_server(practice, virtual={"many": count})
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", server.url)
    drive, client, killed = connect(), dask_client(), []
    files = list(drive.list_images("many"))
    import machine

    def with_a_kill(function, todo):
        futures = client.map(function, todo, retries=2, pure=False)
        for number, _ in enumerate(as_completed(futures)):
            if number == len(todo) // 4:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)
        return client.gather(futures)

    size = sum(file.size for file in files) // 20
    assert pack(files, machine.read_elsewhere, "by dask", shard_bytes=size, map=with_a_kill) == []
    assert pack(files, drive.read, "alone", shard_bytes=size, map=map) == []
    assert killed and killed[0] not in client.run(os.getpid).values()
    assert len(shards("alone")) > 20
    assert shards("by dask") == shards("alone")


def test_two_workers_one_of_them_killed_pack_the_same_bytes(
    dask_client, drive_server, practice, monkeypatch
):
    """Two Dask workers write the shards of one process, also when one dies."""
    pack_twice(400, dask_client, drive_server, practice, monkeypatch)


@pytest.mark.slow
def test_ten_thousand_files_are_packed_to_the_same_bytes(
    dask_client, drive_server, practice, monkeypatch
):
    """The same for 10,000 files."""
    pack_twice(10_000, dask_client, drive_server, practice, monkeypatch)


def test_no_sign_in_travels(notebook, drive_server, practice, monkeypatch):
    """What is sent to a worker holds names, no token and no credentials."""
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", drive_server(practice).url)
    notebook("machine", "plugin", "read")
    import machine

    sent = pickle.dumps([machine.read, machine.SignIn(None, 27), connect().read])
    assert b"practice-token" not in sent
    assert len(sent) < 1000


@pytest.mark.slow
def test_one_limit_holds_for_all_workers(dask_client, drive_server, practice, monkeypatch):
    """Under a quota of 27 reads a second, two workers are hardly refused, and use most of it."""
    server = drive_server(practice, virtual={"many": 540}, reads_per_window=(27, 1.0), latency=0.1)
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", server.url)
    files, client = list(connect().list_images("many")), dask_client(27)
    import machine

    begun = time.monotonic()
    pack(
        files,
        machine.read,
        "packed",
        shard_bytes=sum(file.size for file in files) // 4,
        map=lambda function, todo: client.gather(client.map(function, todo, retries=2)),
    )
    rate = len(files) / (time.monotonic() - begun)
    refused = sum(entry.kind == "media" and entry.status == 403 for entry in server.log)
    print(f"{rate:.1f} pictures a second, {refused} of {len(files) + refused} reads refused")
    assert refused < 0.03 * len(files)
    assert rate > 0.75 * 27


@pytest.mark.slow
def test_a_cluster_elsewhere_takes_the_same_cells(
    notebook, drive_server, practice, monkeypatch, tmp_path
):
    """Workers in another folder, joined by an address, are sent the file and pack the same."""
    from dask.distributed import Client

    monkeypatch.setenv("COLAB_HELPERS_DRIVE", drive_server(practice).url)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    scheduler = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--scheduler-file",
            "where.json",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
        ],
        cwd=elsewhere,
    )
    workers = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            "--scheduler-file",
            "where.json",
            "--nworkers",
            "2",
            "--nthreads",
            "1",
            "--host",
            "127.0.0.1",
            "--no-dashboard",
        ],
        cwd=elsewhere,
    )
    try:
        while not (elsewhere / "where.json").exists() and scheduler.poll() is None:
            time.sleep(0.1)
        notebook("machine", "plugin", "read")
        import machine

        with Client(
            json.loads((elsewhere / "where.json").read_text())["address"], timeout=60
        ) as client:
            client.wait_for_workers(2, timeout=60)
            client.upload_file("machine.py")
            client.register_plugin(machine.SignIn(None, 27), name="sign-in")
            files, folder = list(connect().list_images(".")), tmp_path / "packed"
            unread = pack(
                files,
                machine.read_elsewhere,
                folder,
                shard_bytes=100_000,
                map=lambda function, todo: client.gather(client.map(function, todo, retries=2)),
            )
            pack(files, connect().read, "alone", shard_bytes=100_000)
        assert unread == []
        assert shards(folder) == shards("alone")
    finally:
        for process in (workers, scheduler):
            process.terminate()
            process.wait(20)


# --- training on several processes
# ----------------------------------------------------------------------


@pytest.fixture
def launch(notebook):
    """The notebook's `launch`, with settings of one's own."""
    keras_version = tuple(int(part) for part in importlib.metadata.version("keras").split(".")[:3])
    if keras_version < (3, 11, 3):
        pytest.skip(
            f"Keras {keras_version} has no DataParallel for sequences that bring their own part"
        )

    def ready(**settings):
        settings = {
            "PHOTOS": ".",
            "BATCH_SIZE": 8,
            "EPOCHS": 2,
            "SAVE_EVERY": 2,
            "source": None,
            **settings,
        }
        parts = ("train", "rows", "filled-up", "share", "stream", "model", "fit-part", "measure")
        cells = ("machine", "plugin", "read", *parts, "start", "wait", "listen", "launch")
        return notebook(*cells, **settings)["launch"]

    return ready


def log_of(run):
    return "".join(path.read_text() for path in sorted(Path().glob(f"{run}-*.log")))


def reads(server):
    """How often each file was read, by its ID."""
    media = [entry for entry in server.log if entry.kind == "media"]
    return collections.Counter(re.search(r"/files/([^/?]+)", entry.target)[1] for entry in media)


def listening(found):
    """Notes the addresses on which this process's children listen; never pulls a plug."""
    import psutil

    for child in psutil.Process().children():
        try:
            sockets = getattr(child, "net_connections", child.connections)("tcp")
        except psutil.Error:
            continue
        found |= {one.laddr.ip.removeprefix("::ffff:") for one in sockets if one.status == "LISTEN"}
    return False


def test_two_processes_read_each_file_once_an_epoch_and_train_as_one(
    launch, drive_server, practice, monkeypatch
):
    """36 files in batches of 8, the last one short: read once an epoch over both."""
    server, addresses = drive_server(practice), set()
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", server.url)
    train = launch()
    both = train(2, "both", pull_the_plug=lambda: listening(addresses))
    assert both, log_of("both")
    counted = reads(server)
    assert len(counted) == 36
    assert set(counted.values()) == {2}  # epochs
    assert addresses == {"127.0.0.1"}
    one = train(1, "one")
    assert both[0]["weights"] == both[1]["weights"]
    assert both[0]["loss"] == both[1]["loss"]
    assert both[0]["loss"] == pytest.approx(one[0]["loss"], rel=1e-4)


@pytest.mark.slow
def test_one_killed_in_mid_epoch_and_all_restarted_ends_with_the_same_weights(
    launch, drive_server, practice, monkeypatch, tmp_path
):
    """With two checkpoints the last process dies; started again, all end as if nothing had been.

    A picture is broken, so that one process has fewer than the other; and the last batch is short.
    """
    folder = shutil.copytree(practice, tmp_path / "photos")
    next(folder.rglob("*.jpg")).write_bytes(b"no picture")
    server = drive_server(folder)
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", server.url)
    train = launch(EPOCHS=3, SAVE_EVERY=1)
    undisturbed = train(2, "undisturbed")
    assert undisturbed, log_of("undisturbed")

    def two_checkpoints():
        return len(list(Path("killed").glob("checkpoint-*.npz"))) == 2

    assert train(2, "killed", pull_the_plug=two_checkpoints) is None
    before = sum(reads(server).values())
    again = train(2, "killed")
    assert again, log_of("killed")
    assert [each["weights"] for each in again] == [undisturbed[0]["weights"]] * 2
    assert again[0]["loss"] == undisturbed[0]["loss"]
    assert sum(reads(server).values()) - before < 3 * 36  # it went on, and did not begin anew
    one = train(1, "one")
    assert undisturbed[0]["loss"] == pytest.approx(one[0]["loss"], rel=1e-4)


# --- TensorFlow
# -----------------------------------------------------------------------------------------

FIRST = """
    import json, os, sys
    number, count = int(sys.argv[1]), 2
    os.environ["TF_CONFIG"] = json.dumps(
        {"cluster": {"worker": sys.argv[2:]}, "task": {"type": "worker", "index": number}})
    import numpy as np
    images = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    labels = images.argmax(axis=1)
    def build_model():
        return keras.Sequential(
            [keras.layers.Input((4,)), keras.layers.Dense(4, activation="softmax")])
    class Stream(list):
        def shard(self, index, count):
            return [(images[index::count], labels[index::count]) for images, labels in self]
    stream = Stream([(images[:8], labels[:8]), (images[8:], labels[8:])])
"""
FIT = """
    import tensorflow as tf
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    import keras
    with strategy.scope():
        model = build_model()
        model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(images, labels, batch_size=8, verbose=0)
"""


def on_two_processes(script):
    """Runs a script twice, for TensorFlow to join; returns (return codes, all that they said)."""
    Path("script.py").write_text(script)
    free = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in free]
    for one in free:
        one.close()
    running = [
        subprocess.Popen(
            [sys.executable, "script.py", str(number), *addresses],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        )
        for number in range(2)
    ]
    try:
        said = [process.communicate(timeout=120)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    return [process.returncode for process in running], said


@pytest.mark.slow
def test_fit_still_does_not_run_across_processes_with_tensorflow(tmp_path, monkeypatch):
    """When this fails, Keras has learned it: then notebook 10 should say so, and show `fit`."""
    monkeypatch.chdir(tmp_path)
    codes, said = on_two_processes(textwrap.dedent(FIRST) + textwrap.dedent(FIT))
    assert all(codes), (
        "Keras's fit runs under MultiWorkerMirroredStrategy now: tell so in notebook 10"
    )
    assert "PerReplica" in "".join(said), said  # and for no other reason


@pytest.mark.slow
def test_the_loop_shown_for_tensorflow_works(tmp_path, monkeypatch):
    """The loop that the notebook prints: two processes end with the weights of one."""
    monkeypatch.chdir(tmp_path)
    loop = next(
        re.finditer(r"```python\n(import tensorflow.*?)```", CELLS["cluster-train-text"], re.S)
    )[1]
    last = """
weights = [weight for array in model.get_weights() for weight in array.ravel()]
print("WEIGHTS", *weights)
"""
    alone = loop.replace("stream.shard(number, count)", "stream")
    codes, said = on_two_processes(textwrap.dedent(FIRST) + loop + last)
    assert codes == [0, 0], said
    whole_codes, whole = on_two_processes(textwrap.dedent(FIRST) + alone + last)
    weights = [
        [float(word) for word in re.search("WEIGHTS (.*)", text)[1].split()]
        for text in [*said, *whole]
    ]
    assert weights[0] == weights[1]
    assert weights[0] == pytest.approx(weights[2], rel=1e-4)
