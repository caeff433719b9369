"""What a child process shares with its parent, and how soon a program ends."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from forked import WATCHDOG, in_a_child
from hostile_server import head, whole

from colab_helpers.drive import connect
from colab_helpers.drive.pace import Pace

ROOT = Path(__file__).parents[2]

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@needs_fork
def test_parent_and_children_never_get_each_others_answers(drive_server, flowers):
    """All of them at once, each by the Drive that the parent had used before."""
    drive = connect(endpoint=drive_server(flowers, latency=0.002).url)
    files = list(drive.list_images("flowers"))
    drive.read(files[0])

    def read_all():
        return all(
            drive.read(file) == (flowers / "flowers" / file.path).read_bytes()
            for _ in range(5)
            for file in files
        )

    context = multiprocessing.get_context("fork")
    children = [context.Process(target=lambda: sys.exit(not read_all())) for _ in range(4)]
    for child in children:
        child.start()
    assert read_all()
    for child in children:
        child.join(WATCHDOG)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]


@needs_fork
def test_a_child_leaves_its_parents_connection_open(hostile_server, impatient):
    """It opens one of its own, and the parent goes on with the old one."""
    ports = []

    def answer(connection, request):
        ports.append(connection.getpeername()[1])
        connection.sendall(whole({"user": {"emailAddress": "me"}}))

    drive = impatient(hostile_server(answer))
    assert drive.account() == "me"
    assert in_a_child(lambda: drive.account() == "me")
    assert drive.account() == "me"
    parents, childs, parents_again = ports
    assert parents == parents_again != childs


@needs_fork
def test_a_child_does_not_wait_for_a_lock_of_its_parents_threads():
    """A thread of the parent is just then being told the time, and all others wait for it."""
    parent = os.getpid()
    is_asked = threading.Event()
    may_answer = threading.Event()

    def slow_clock():
        if os.getpid() == parent and threading.current_thread() is not threading.main_thread():
            is_asked.set()
            may_answer.wait(WATCHDOG)
        return 0.0

    pace = Pace(slow_clock, lambda seconds: None)
    threading.Thread(target=pace.wait, daemon=True).start()
    assert is_asked.wait(WATCHDOG)
    try:
        assert in_a_child(lambda: pace.wait() is not None)
    finally:
        may_answer.set()


READS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from google.oauth2.credentials import Credentials
from colab_helpers.drive import Drive, File
drive = Drive(Credentials(token="SECRET"), sys.argv[1], deadline=3600)
print("asking", flush=True)
"""
READS_ITSELF = READS + 'drive.read(File("1", "a.jpg", "x", "x/a.jpg", 10, None, "1"))'
LISTS = READS + 'drive.find("photos/a.jpg")'
SOMEBODY_ELSE_READS = (
    READS
    + """
import threading
threading.Thread(target=drive.account, daemon=True).start()
sys.stdin.readline()
"""
)


@pytest.fixture
def silent_server(hostile_server):
    """A server that takes requests and answers none of them; `asked` is set by the first."""
    asked = threading.Event()

    def answer(connection, request):
        asked.set()
        server.pause(WATCHDOG)

    server = hostile_server(answer)
    server.asked = asked
    return server


def start(code, server):
    return subprocess.Popen(
        [sys.executable, "-c", code, server.url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("code", [READS_ITSELF, LISTS], ids=["read", "find"])
def test_an_interrupt_ends_a_program_that_waits_for_a_silent_server(silent_server, code):
    program = start(code, silent_server)
    try:
        assert silent_server.asked.wait(WATCHDOG)
        program.send_signal(signal.SIGINT)
        _, told = program.communicate(timeout=WATCHDOG)
    finally:
        program.kill()
    assert "KeyboardInterrupt" in told and "SECRET" not in told


def test_the_end_of_a_program_does_not_wait_for_a_silent_server(silent_server):
    program = start(SOMEBODY_ELSE_READS, silent_server)
    try:
        assert silent_server.asked.wait(WATCHDOG)
        _, told = program.communicate("\n", timeout=WATCHDOG)
    finally:
        program.kill()
    assert program.returncode == 0 and told == ""


def test_after_an_interrupt_the_next_answer_is_the_right_one(hostile_server, impatient):
    """What was left of the answer that nobody read is not taken for the next one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us without
    in_the_middle = threading.Event()

    def answer(connection, request):
        if len(server.requests) == 1:
            connection.sendall(head(Content_Length=100) + b"0123456789")
            in_the_middle.set()
            server.pause(0.5)
            connection.sendall(b"0" * 90)
        else:
            connection.sendall(whole({"user": {"emailAddress": "me"}}))

    def interrupt():
        in_the_middle.wait(WATCHDOG)
        signal.raise_signal(signal.SIGINT)

    server = hostile_server(answer)
    drive = impatient(server, deadline=WATCHDOG)
    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        drive.account()
    assert drive.account() == "me"


LISTS_AND_ENDS = """
import sys, threading
from colab_helpers.drive import connect

drive = connect(endpoint=sys.argv[1])
print(len(list(drive.list_images("flowers"))))
thread = threading.Thread(target=drive.account)
thread.start()
thread.join()
"""


def test_threads_that_end_close_their_connections(drive_server, flowers):
    """Those that list, and those of a user; the garbage collector finds no open socket."""
    server = drive_server(flowers, page_size_limit=2)
    done = subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", LISTS_AND_ENDS, server.url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WATCHDOG,
    )
    assert (done.returncode, done.stdout) == (0, "24\n")
    assert "unclosed" not in done.stderr and "ResourceWarning" not in done.stderr
