"""The ways in, and where no token may go."""

import json
import pickle
import stat
import sys
import threading
import types
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest

from colab_helpers.drive import LocalFolder, SignInError, TransientError, connect
from colab_helpers.drive.sign_in import browser_credentials
from stand_in import REFRESH_TOKEN, Fault


def test_without_any_way_in_the_ways_in_are_told():
    with pytest.raises(SignInError) as error:
        connect()
    assert error.value.ends_run
    for way in ("Colab", "client_secrets.json", "credentials=", "COLAB_HELPERS_DRIVE"):
        assert way in str(error.value)


def test_the_environment_names_a_folder(monkeypatch, flowers):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", str(flowers))
    assert isinstance(connect(), LocalFolder)


def test_the_environment_names_a_stand_in_and_a_source_given_counts_first(
    monkeypatch, flowers, drive_server
):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", drive_server(flowers).url)
    assert len(list(connect().list_images("flowers"))) == 24
    assert isinstance(connect(flowers), LocalFolder)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://localhost.example.com:80",
        "http://example.com/#127.0.0.1",
        "http://10.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://127.0.0.1\\@example.com",
        "http://127.0.0.1:80@example.com",
    ],
)
def test_the_practice_token_goes_to_this_machine_only(monkeypatch, url):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", url)
    with pytest.raises(SignInError, match="this machine"):
        connect()
    with pytest.raises(SignInError, match="this machine"):
        connect(endpoint=url)


def test_credentials_do_not_travel_unencrypted():
    with pytest.raises(SignInError, match="without https"):
        connect(credentials=object(), endpoint="http://example.com")


def test_a_url_is_no_source():
    with pytest.raises(SignInError, match="list_images"):
        connect("https://drive.google.com/drive/folders/1abc")


def test_tries_and_deadline_are_arguments_that_a_pickled_drive_keeps(flowers, drive_server):
    server = drive_server(
        flowers, faults=[Fault(kind="media", times=2), Fault("stall", kind="media")]
    )
    drive = connect(endpoint=server.url, attempts=1, deadline=0.2)
    file = drive.find("flowers/roses/1.jpg")
    again = pickle.loads(pickle.dumps(drive))
    for one in (drive, again):
        with pytest.raises(TransientError, match=r"\(backendError\)\. Try again"):
            one.read(file)
    with pytest.raises(TransientError, match="timed out"):
        again.read(file)


class Shell:
    """What IPython's get_ipython returns in Colab, as far as its module's name tells."""


Shell.__module__ = "google.colab._shell"


@pytest.fixture
def in_colab(monkeypatch):
    """Puts the test into Colab, whose sign-in does what `authenticate` does."""

    def enter(authenticate):
        monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=Shell))
        colab = types.ModuleType("google.colab")
        colab.auth = types.SimpleNamespace(authenticate_user=authenticate)
        monkeypatch.setitem(sys.modules, "google.colab", colab)

    return enter


def test_in_colab_one_sign_in_is_asked_for(monkeypatch, in_colab):
    import google.auth
    from google.oauth2.credentials import Credentials

    asked = []
    in_colab(lambda: asked.append("sign in"))
    monkeypatch.setattr(
        google.auth, "default", lambda scopes: (Credentials(token="ya29.secret"), "project")
    )
    drive = connect()
    assert asked == ["sign in"]
    assert "secret" not in repr(drive) + str(vars(drive)) + str(pickle.dumps(drive.read))
    assert "googleapis.com" in repr(drive)


def test_in_colab_the_environment_is_no_way_in(monkeypatch, in_colab, flowers):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", str(flowers))

    def refuse():
        raise RuntimeError

    in_colab(refuse)
    with pytest.raises(SignInError, match="Colab could not sign you in"):
        connect()


def test_with_an_api_key_nobody_is_asked_in_colab_or_elsewhere(in_colab, monkeypatch, flowers):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", str(flowers))
    assert repr(connect(api_key="AIza-1")) == "Drive('https://www.googleapis.com')"

    def refuse():
        raise AssertionError("asked to sign in")

    in_colab(refuse)
    assert repr(connect(api_key="AIza-1")) == "Drive('https://www.googleapis.com')"


@pytest.fixture
def own_machine(monkeypatch):
    """Puts client_secrets.json beside the test, and a browser that answers at once.

    It returns the addresses that the browser opens.
    """

    def prepare(url, answer="code=4/the-code"):
        opened = []
        installed = {
            "client_id": "the-client",
            "client_secret": "the-secret",
            "auth_uri": f"{url}/auth",
            "token_uri": f"{url}/token",
            "redirect_uris": ["http://localhost"],
        }
        with open("client_secrets.json", "w") as file:
            json.dump({"installed": installed}, file)

        def browse(address, **_):
            opened.append(address)
            back = parse_qs(urlsplit(address).query)["redirect_uri"][0]

            def go_back():
                with urllib.request.urlopen(f"{back}?{answer}") as page:
                    page.read()

            threading.Thread(target=go_back).start()

        monkeypatch.setattr("webbrowser.open", browse)
        return opened

    return prepare


def scope(address):
    return parse_qs(urlsplit(address).query)["scope"]


def test_on_ones_own_machine_the_browser_is_asked_for_reading_only(
    drive_server, flowers, own_machine
):
    server = drive_server(flowers)
    opened = own_machine(server.url)
    drive = connect(credentials=browser_credentials(), endpoint=server.url)
    assert len(list(drive.list_images("flowers"))) == 24
    assert scope(opened[0]) == ["https://www.googleapis.com/auth/drive.readonly"]


def test_the_right_to_write_is_asked_for_by_upload(drive_server, own_machine):
    opened = own_machine(drive_server(None).url)
    connect(upload=True)
    assert scope(opened[0]) == ["https://www.googleapis.com/auth/drive"]


def test_the_browser_is_asked_once_and_the_sign_in_is_kept_private(
    drive_server, own_machine, tmp_path
):
    opened = own_machine(drive_server(None).url)
    saved = tmp_path / "home/.config/colab_helpers/drive.readonly.json"
    connect()
    assert REFRESH_TOKEN in saved.read_text()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    saved.chmod(0o644)
    connect()
    assert len(opened) == 1
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_no_secret_is_shown_or_pickled(drive_server, own_machine):
    own_machine(drive_server(None).url)
    drive = connect()
    shown = repr(drive) + str(vars(drive)) + str(pickle.dumps(drive))
    for secret in (REFRESH_TOKEN, "the-secret", "ya29."):
        assert secret not in shown


def test_a_sign_in_refused_in_the_browser_says_what_to_do(drive_server, own_machine):
    own_machine(drive_server(None).url, answer="error=access_denied")
    with pytest.raises(SignInError, match="client_secrets.json .*rejected.*run connect"):
        connect()


def test_broken_client_secrets_say_so():
    with open("client_secrets.json", "w") as file:
        file.write("{}")
    with pytest.raises(SignInError, match="Could not sign in with client_secrets.json"):
        connect()


@pytest.mark.parametrize(
    "message",
    [
        "invalid_client: not with the-secret",
        "client_secret=the-secret",
        "<html>code=4/the-code&client_secret=the-secret</html>",
    ],
)
def test_what_the_token_endpoint_repeats_is_told_nowhere(own_machine, drive_server, message):
    fault = Fault("error", kind="token", status=400, message=message)
    own_machine(drive_server(None, faults=[fault]).url)
    with pytest.raises(SignInError, match="Could not sign in with client_secrets.json") as error:
        connect()
    assert error.value.__context__ is None
    assert "the-secret" not in str(error.value) and "the-code" not in str(error.value)


@pytest.mark.parametrize(
    "credentials", ["ya29.very-secret", b"ya29.very-secret", {"token": "ya29.very-secret"}]
)
def test_what_are_no_credentials_is_refused_and_not_shown(credentials):
    with pytest.raises(
        ValueError, match="`credentials` must be an object of google-auth"
    ) as raised:
        connect(credentials=credentials)
    assert "very-secret" not in str(raised.value)
    assert type(credentials).__name__ in str(raised.value)


@pytest.mark.parametrize(
    "argument, words",
    [
        ({"deadline": None}, "`deadline` must be a number of seconds above 0. Received:"),
        ({"deadline": "60"}, "`deadline` must be a number of seconds above 0. Received:"),
        ({"deadline": 0}, "`deadline` must be a number of seconds above 0. Received:"),
        ({"attempts": 0}, "`attempts` must be an integer of at least 1. Received:"),
        ({"attempts": "3"}, "`attempts` must be an integer of at least 1. Received:"),
    ],
)
def test_a_wrong_patience_is_told_before_anything_is_asked(argument, words):
    with pytest.raises(ValueError, match=words):
        connect(endpoint="http://127.0.0.1:1", **argument)
