"""The law of the throttle, in virtual time: close to all that is granted, few refusals."""

import collections
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from shared_clock import SharedClock

from colab_helpers.drive import connect
from colab_helpers.drive.pace import Pace


class Quota:
    """Grants `count(time)` requests in each window of so many seconds."""

    def __init__(self, clock, count, window, sliding):
        self._clock = clock
        self._count = count
        self._window = window
        self._sliding = sliding
        self._taken = collections.deque()

    def grants(self):
        now = self._clock.now
        edge = now - self._window if self._sliding else now // self._window * self._window - 1e-9
        while self._taken and self._taken[0] <= edge:
            self._taken.popleft()
        if len(self._taken) >= self._count(now):
            return False
        self._taken.append(now)
        return True


def throttled(count, window, *, seconds, sliding=True, latency=0.1, sigma=0.6, threads=32):
    """[(time, granted)] of the reads of 32 threads that keep to a pace, under a quota."""
    clock = SharedClock(threads)
    quota = Quota(clock, count, window, sliding)
    pace = Pace(clock, clock.sleep)
    answers = []

    def work(number):
        draw = random.Random(number)
        while clock.now < seconds:
            turn = pace.wait()
            on_the_way = latency * draw.lognormvariate(0, sigma)
            clock.sleep(on_the_way / 2)
            granted = quota.grants()
            answers.append((clock.now, granted))
            clock.sleep(on_the_way / 2)
            if granted:
                pace.granted(turn)
            else:
                pace.refused(turn)
                clock.sleep(draw.uniform(0.5, 1))
        clock.leave()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    return answers


def granted_a_second(answers, start, end):
    return sum(granted for at, granted in answers if start <= at < end) / (end - start)


def share_refused(answers, start):
    late = [granted for at, granted in answers if at >= start]
    return 1 - sum(late) / len(late)


@pytest.mark.parametrize("sliding", [True, False])
@pytest.mark.parametrize("window", [1, 60])
def test_a_limit_of_27_reads_a_second_gives_25_good_reads_and_few_refusals(window, sliding):
    answers = throttled(lambda now: 27 * window, window, seconds=240, sliding=sliding, sigma=0.3)
    assert granted_a_second(answers, 0, 240) >= 25
    assert granted_a_second(answers, 60, 240) >= 25
    assert share_refused(answers, 20) < 0.05


def test_a_limit_that_comes_down_is_kept_to_and_one_that_is_lifted_is_used():
    def limit(now):
        if now < 60:
            return 27
        return 9 if now < 120 else 200

    answers = throttled(limit, 1, seconds=240)
    assert granted_a_second(answers, 20, 60) > 24
    assert granted_a_second(answers, 70, 120) > 6
    assert granted_a_second(answers, 200, 240) > 12
    assert share_refused(answers, 20) < 0.05


def test_without_a_limit_nothing_is_held_back():
    answers = throttled(lambda now: 1e9, 1, seconds=10, sigma=0)
    assert granted_a_second(answers, 0, 10) > 310


def test_all_wait_as_long_as_drive_asks_after_four_refusals_in_a_row(clock):
    pace = Pace(clock, clock.sleep)
    turns = [pace.wait() for _ in range(4)]
    for turn in turns:
        pace.refused(turn, retry_after=30)
    assert not clock.waits
    probe = pace.wait()
    assert clock() == 30
    pace.granted(probe)
    pace.wait()
    assert clock() == 30, "one that is let through lets all go on"


def test_a_refusal_that_was_on_its_way_counts_no_more(clock):
    pace = Pace(clock, clock.sleep)
    turns = [pace.wait() for _ in range(9)]
    for turn in turns:
        pace.refused(turn)
    pace.wait()
    assert clock() == 1


@pytest.mark.slow
@pytest.mark.parametrize("window, seconds", [(1, 70), (60, 150)])
def test_a_throttle_at_27_reads_a_second_in_real_time(drive_server, photos, window, seconds):
    server = drive_server(
        photos.parent, latency=0.1, latency_sigma=0.6, reads_per_window=(27 * window, window)
    )
    drive = connect(endpoint=server.url)
    files = list(drive.list_images("photos"))
    answers = []
    began = time.monotonic()
    respond = server.respond

    def watched(request):
        response = respond(request)
        if request.kind == "media":
            answers.append((time.monotonic() - began, response.status == 200))
        return response

    server.respond = watched

    def work(number):
        while time.monotonic() - began < seconds:
            drive.read(files[number % len(files)])

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(work, range(32)))
    good = granted_a_second(answers, 0, seconds)
    refused = share_refused(answers, 20)
    print(json.dumps({"window": window, "good": good, "refused": refused}))
    assert good >= 25
    assert refused < 0.05
