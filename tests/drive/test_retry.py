"""When a request is tried again, and after how long."""

import json
import pickle
import time

import pytest

from colab_helpers.drive import SignInError, TransientError
from colab_helpers.drive.problems import connection_failed, judge
from colab_helpers.drive.retry import Tries, retry_after_seconds

TOO_FAST = judge(429, b"")
PASSING = judge(503, b"")
TOKEN_REFUSED = judge(401, b"")
FINAL = judge(404, b"")


@pytest.fixture
def tries(clock):
    return Tries(attempts=10, repeatable=True, clock=clock)


def fail(tries, *problems):
    for problem in problems:
        tries.failed(problem)
    return tries.may_go_on()


@pytest.mark.parametrize(
    "problems, goes_on",
    [
        ([PASSING], True),
        ([PASSING] * 9, True),
        ([PASSING] * 10, False),
        ([TOO_FAST] * 100, True),
        ([TOO_FAST] * 50 + [PASSING], True),
        ([TOO_FAST] * 50 + [PASSING] * 10, False),
        ([TOKEN_REFUSED], True),
        ([TOKEN_REFUSED] * 2, True),
        ([TOKEN_REFUSED] * 3, False),
        ([TOKEN_REFUSED, TOKEN_REFUSED, PASSING, TOKEN_REFUSED], True),
        ([PASSING] * 9 + [TOKEN_REFUSED], True),
        ([FINAL], False),
    ],
)
def test_a_request_is_tried_again(tries, problems, goes_on):
    assert fail(tries, *problems) == goes_on


def test_refusals_are_waited_out_for_five_minutes(tries, clock):
    clock.sleep(299)
    assert fail(tries, TOO_FAST)
    clock.sleep(1)
    assert not fail(tries, TOO_FAST)


def test_what_would_be_done_twice_is_not_sent_again_when_it_may_have_arrived(clock):
    tries = Tries(attempts=10, repeatable=False, clock=clock)
    assert fail(tries, TOO_FAST)
    assert not fail(tries, PASSING)


def test_waits_double_up_to_32_seconds_and_are_never_the_same(tries):
    waits = []
    for _ in range(9):
        tries.failed(PASSING)
        waits.append(tries.wait())
    for wait, longest in zip(waits, [1, 2, 4, 8, 16, 32, 32, 32, 32], strict=True):
        assert longest / 2 <= wait <= longest
    assert len(set(waits)) == 9


@pytest.mark.parametrize("problem", [TOO_FAST, PASSING])
def test_waits_stay_at_32_seconds_however_many_there_were(clock, problem):
    tries = Tries(attempts=10_000, repeatable=True, clock=clock)
    fail(tries, *[problem] * 2_000)
    assert 16 <= tries.wait() <= 32


def test_refusals_do_not_lengthen_the_waits_after_faults(tries):
    fail(tries, *[TOO_FAST] * 50, PASSING)
    assert tries.wait() <= 1


def test_a_refused_token_costs_no_wait(tries):
    tries.failed(TOKEN_REFUSED)
    assert tries.wait() == 0


def test_as_long_as_drive_asks_is_waited(tries):
    tries.failed(judge(503, b"", retry_after=7.0))
    assert tries.wait() == 7


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asks_for", [300.0, 299.0, 100.0, 0.5])
def test_waits_that_drive_asks_for_end_after_five_minutes_in_all(clock, status, asks_for):
    tries = Tries(attempts=1000, repeatable=True, clock=clock)
    while fail(tries, judge(status, b"", retry_after=asks_for)):
        clock.sleep(tries.wait())
    assert 300 <= clock() < 301


def test_a_quota_of_the_whole_drive_ends_the_run_and_one_of_a_file_does_not(clock):
    for status, reason, ends_run in [
        (429, "rateLimitExceeded", True),
        (403, "userRateLimitExceeded", True),
        (403, "dailyLimitExceeded", True),
        (403, "storageQuotaExceeded", True),
        (403, "downloadQuotaExceeded", False),
        (403, "accessNotConfigured", True),
        (404, "notFound", False),
        (503, "backendError", False),
    ]:
        body = json.dumps({"error": {"errors": [{"reason": reason}], "message": ""}}).encode()
        tries = Tries(attempts=10, repeatable=True, clock=clock)
        tries.failed(judge(status, body))
        error = tries.error("read '1.jpg'")
        assert error.ends_run == ends_run, reason
        assert pickle.loads(pickle.dumps(error)).ends_run == ends_run, reason


def test_the_error_tells_what_failed_how_often_and_what_to_do(tries, clock):
    tries.failed(PASSING)
    clock.sleep(31)
    tries.failed(connection_failed(TimeoutError("timed out")))
    error = tries.error("read '1.jpg'")
    assert type(error) is TransientError
    assert str(error) == (
        "Could not read '1.jpg': the connection failed (TimeoutError: timed out), 2 attempts in "
        "31 s. Try again in some minutes; what was read and cached is kept."
    )
    assert error.status is None


def test_one_attempt_is_not_counted_in_the_error(tries):
    tries.failed(TOKEN_REFUSED)
    error = tries.error("ask")
    assert type(error) is SignInError
    assert str(error) == "Could not ask: Drive said 401. Sign in again: run connect() once more."
    assert error.status == 401


@pytest.mark.parametrize(
    "header, seconds",
    [
        (None, None),
        ("", None),
        ("7", 7),
        ("2.5", 2.5),
        ("0", None),
        ("0.0", None),
        ("86400", 300),
        ("soon", None),
        ("-3", None),
        ("1.2.3", None),
    ],
)
def test_a_retry_after_header_asks_for(header, seconds):
    assert retry_after_seconds(header) == seconds


def test_a_date_is_a_retry_after_too():
    soon = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 30))
    assert 25 < retry_after_seconds(soon) <= 30


def test_a_date_that_is_past_asks_for_nothing():
    assert retry_after_seconds("Mon, 01 Jan 2024 00:00:00 GMT") is None
