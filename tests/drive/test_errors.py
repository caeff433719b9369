"""What an answer of Drive calls for, and what the errors keep."""

import json
import pickle

import pytest

from colab_helpers.drive import (
    DriveError,
    NotFoundError,
    QuotaError,
    SignInError,
    TransientError,
)
from colab_helpers.drive.problems import ProblemKind, answer_has_flaw, judge

ERRORS = [SignInError, NotFoundError, QuotaError, TransientError]


def answer(reason, message=""):
    """An error answer as Drive gives it."""
    error = {"errors": [{"reason": reason}], "message": message}
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    "status, reason, kind, error, advice",
    [
        (403, "userRateLimitExceeded", "TOO_FAST", QuotaError, "Lower `reads`"),
        (403, "rateLimitExceeded", "TOO_FAST", QuotaError, "Lower `reads`"),
        (429, "rateLimitExceeded", "TOO_FAST", QuotaError, "wait a minute"),
        (408, "requestTimeout", "PASSING", TransientError, "Try again in some minutes"),
        (500, "internalError", "PASSING", TransientError, "Try again in some minutes"),
        (503, "backendError", "PASSING", TransientError, "Try again in some minutes"),
        (401, "authError", "TOKEN_REFUSED", SignInError, "run connect() once more"),
        (403, "downloadQuotaExceeded", "FINAL", QuotaError, "make a copy"),
        (403, "quotaExceeded", "FINAL", QuotaError, "make a copy"),
        (403, "dailyLimitExceeded", "FINAL", QuotaError, "tomorrow"),
        (403, "storageQuotaExceeded", "FINAL", QuotaError, "The Drive is full"),
        (403, "cannotDownloadAbusiveFile", "FINAL", DriveError, "only its owner"),
        (403, "fileNotDownloadable", "FINAL", DriveError, "Google document"),
        (403, "insufficientFilePermissions", "FINAL", DriveError, "Ask its owner"),
        (403, "insufficientPermissions", "FINAL", SignInError, "upload=True"),
        (403, "insufficientScopes", "FINAL", SignInError, "upload=True"),
        (403, "accessNotConfigured", "FINAL", SignInError, "Drive API"),
        (404, "notFound", "FINAL", NotFoundError, "list again"),
        (400, "badRequest", "FINAL", DriveError, "Check name and address"),
        (418, "", "FINAL", DriveError, "Check name and address"),
    ],
)
def test_an_answer_calls_for(status, reason, kind, error, advice):
    problem = judge(status, answer(reason, "Drive's own words"))
    assert problem.kind is ProblemKind[kind]
    assert problem.error is error
    assert advice in problem.advice
    assert problem.said == f"Drive said {status} {reason}".rstrip() + " (Drive's own words)"
    assert problem.status == status


def test_an_answer_with_a_flaw_is_asked_for_again():
    problem = answer_has_flaw("Drive sent 3 of 4 bytes", 200, retry_after=2.0)
    assert problem.kind is ProblemKind.PASSING
    assert problem.error is TransientError
    assert problem.said == "Drive sent 3 of 4 bytes"
    assert (problem.status, problem.retry_after) == (200, 2.0)


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b'{"error": ', b"[]", b"7", b"null", b'{"error": "invalid"}', b"\xff\xfe"],
)
def test_an_answer_that_is_none_of_drives_is_judged_by_its_status(content):
    assert judge(502, content).said == "Drive said 502"
    assert judge(502, content).kind is ProblemKind.PASSING


def test_a_message_without_a_reason_is_told():
    problem = judge(404, b'{"error": {"message": "File not found: 1AbC"}}')
    assert problem.said == "Drive said 404 (File not found: 1AbC)"


def test_a_long_message_is_cut():
    assert len(judge(400, answer("badRequest", "x" * 10_000)).said) < 300


@pytest.mark.parametrize("error", ERRORS)
def test_each_error_is_a_drive_error_and_travels_with_its_status(error):
    assert issubclass(error, DriveError)
    travelled = pickle.loads(pickle.dumps(error("text", 404)))
    assert type(travelled) is error
    assert (str(travelled), travelled.status) == ("text", 404)


@pytest.mark.parametrize("error", ERRORS)
def test_by_itself_only_a_lost_sign_in_hits_every_file(error):
    assert error("text").ends_run == (error is SignInError)
