"""Signing in on Colab: who refused, what to do, and processes that its notebook starts."""

import importlib
import os
import pickle
import subprocess
import sys
import types

import pytest
from played_colab import RUNTIME, played_colab

from colab_helpers.drive import Drive, SignInError, connect
from stand_in import Fault

ANOTHER_ACCOUNT = "Runtime > Disconnect and delete runtime"

# Runs in a process that a notebook started: no IPython, and no page that could ask.
CHILD = """
import pickle, sys
from resolving import resolve_drive_to_the_stand_in

resolve_drive_to_the_stand_in()
print(pickle.loads(sys.stdin.buffer.read()).account())
assert "IPython" not in sys.modules
"""


@pytest.fixture
def colab(drive_server, photos, tmp_path):
    """A runtime on which nobody is signed in."""
    drive = drive_server(photos.parent)
    with played_colab(drive, tmp_path, token_lifetime=3600, signed_in=False) as colab:
        yield colab


@pytest.fixture
def in_the_notebook(colab, monkeypatch, tmp_path):
    """Puts the test itself into the notebook of that runtime."""
    from google.auth.compute_engine import _metadata

    for name, value in colab.variables.items():
        if name.startswith(("COLAB_", "GCE_", "HOME")):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    importlib.reload(_metadata)  # it reads the environment when it is imported
    monkeypatch.syspath_prepend(RUNTIME)
    shell = type("Shell", (), {"__module__": "google.colab._shell"})
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=shell))
    yield colab
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        del sys.modules[name]
    monkeypatch.undo()
    importlib.reload(_metadata)


def test_one_window_opens_and_nothing_is_said_on_red(in_the_notebook, capfd, caplog):
    first, second = connect(), connect()
    assert "googleapis.com" in repr(first) == repr(second)
    printed = capfd.readouterr()
    assert printed.out.count("[the sign-in window opens]") == 1
    assert printed.err == "" and not caplog.records


@pytest.mark.parametrize(
    "user, who",
    [
        ("closes", "You closed.*refused access.*MessageError: Error: credential propagation"),
        ("nothing", "Google did not give Colab the access.*AuthorizationError: Failed to fetch"),
    ],
)
def test_a_refusal_says_who_refused_and_what_to_do(in_the_notebook, monkeypatch, user, who):
    monkeypatch.setenv("COLAB_STAND_IN_USER", user)
    with pytest.raises(SignInError, match=f"(?s){who}.*Run the cell again.*{ANOTHER_ACCOUNT}"):
        connect()


def test_another_cause_is_named_and_not_called_a_refusal(in_the_notebook, monkeypatch):
    from google.colab import auth

    def fail():
        raise NotImplementedError("unsupported here, Bearer ya29.secret")

    monkeypatch.setattr(auth, "authenticate_user", fail)
    with pytest.raises(SignInError, match="nobody refused.*NotImplementedError: uns") as error:
        connect()
    assert "secret" not in str(error.value) and error.value.__context__ is None


def no_credentials(scopes):
    from google.auth.exceptions import DefaultCredentialsError

    raise DefaultCredentialsError("none were found")


def test_missing_credentials_after_the_sign_in_are_named(in_the_notebook, monkeypatch):
    from google.colab import auth

    monkeypatch.setattr(auth, "authenticate_user", lambda: None)
    monkeypatch.setattr("google.auth.default", no_credentials)
    with pytest.raises(SignInError, match="signed in to Colab, but.*DefaultCredentialsError: none"):
        connect()


@pytest.mark.parametrize("reason", ["insufficientPermissions", "insufficientScopes"])
def test_a_permission_that_was_not_ticked_is_to_be_ticked(
    drive_server, photos, in_the_notebook, reason
):
    fault = Fault("error", status=403, reason=reason)
    drive = connect(endpoint=drive_server(photos.parent, faults=[fault]).url)
    with pytest.raises(SignInError, match=f"{reason}.*{ANOTHER_ACCOUNT}.*tick it") as error:
        drive.find("photos/0.jpg")
    assert "upload=True" not in str(error.value)


def test_elsewhere_the_right_to_write_is_asked_for(drive_server, photos):
    fault = Fault("error", status=403, reason="insufficientPermissions")
    drive = connect(endpoint=drive_server(photos.parent, faults=[fault]).url)
    with pytest.raises(SignInError, match="upload=True"):
        drive.find("photos/0.jpg")


# --- processes that the notebook starts


def run_child(variables, drive):
    return subprocess.run(
        [sys.executable, "-c", CHILD],
        input=pickle.dumps(drive),
        capture_output=True,
        env=variables,
        cwd=variables["HOME"],
        timeout=60,
    )


@pytest.fixture
def pickled_drive(monkeypatch):
    """A Drive as a notebook hands it to its processes."""
    from google.auth import compute_engine

    return Drive(compute_engine.Credentials())


def test_a_pickled_drive_signs_in_within_a_child_process(colab, pickled_drive):
    colab.metadata.signed_in = True
    child = run_child(colab.variables, pickled_drive)
    assert (child.stdout, child.stderr) == (b"practice@example.com" + os.linesep.encode(), b"")


def test_a_child_process_cannot_ask_and_says_who_can(colab, pickled_drive):
    child = run_child(colab.variables, pickled_drive)
    assert b"no account that is signed in" in child.stderr
    assert b"run connect() once more, on Colab in a cell of its notebook" in child.stderr


def test_a_child_process_without_credentials_says_who_can_ask(monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab-stand-in")
    monkeypatch.delenv("COLAB_HELPERS_DRIVE", raising=False)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.setattr("google.auth.default", no_credentials)
    with pytest.raises(SignInError, match="Run connect.. in a cell of the notebook first"):
        connect()


def test_on_kaggle_nobody_is_signed_in(colab, pickled_drive):
    """It sets Colab's variables, too."""
    colab.metadata.signed_in = True
    kaggle = {**colab.variables, "KAGGLE_KERNEL_RUN_TYPE": "Interactive"}
    assert b"The ways in:" in run_child(kaggle, pickled_drive).stderr


def test_in_a_child_process_the_environment_still_names_a_stand_in(
    colab, pickled_drive, drive_server, photos
):
    """As where a project's tests are run from a cell."""
    variables = {**colab.variables, "COLAB_HELPERS_DRIVE": drive_server(photos.parent).url}
    assert run_child(variables, pickled_drive).stdout.startswith(b"practice@example.com")
