"""Credentials of a Kedro pipeline: from the store to Drive, and shown nowhere on the way."""

import logging
import pickle

import pytest

pytest.importorskip("kedro.io", reason="Kedro is an extra: pip install colab_helpers[kedro]")

from catalogs import LISTING, SECRET, make_catalog, save_all  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from kedro.io import DataCatalog, DatasetError  # noqa: E402

from colab_helpers.drive import LocalFolder  # noqa: E402
from colab_helpers.kedro_io import ListingDataset  # noqa: E402
from stand_in import PRACTICE_API_KEY, REFRESH_TOKEN  # noqa: E402


@pytest.fixture
def catalog(practice, drive_server, tmp_path):
    """A catalog over a stand-in Drive, with its token in the credentials store."""
    return make_catalog(tmp_path, {"endpoint": drive_server(practice).url})


def test_credentials_come_from_the_store(practice, drive_server, tmp_path):
    """The token of the store is the one that Drive gets: a wrong one is refused there."""
    source = {"endpoint": drive_server(practice).url}
    catalog = make_catalog(tmp_path, source, store={"drive": {"token": "not-the-right-one"}})
    with pytest.raises(Exception, match="sign") as caught:
        list(catalog.load("photos"))
    assert "not-the-right-one" not in str(caught.value)


def service_account(token_uri):
    """The JSON that Google gives for a service account, with a key made for this test."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "client_email": "pipeline@example.com",
        "private_key": private_key.decode(),
        "token_uri": token_uri,
    }


def refresh_token(token_uri):
    """The arguments of google-auth's Credentials, without a token that is still good."""
    return {
        "refresh_token": REFRESH_TOKEN,
        "token_uri": token_uri,
        "client_id": "a",
        "client_secret": "b",
    }


@pytest.mark.parametrize("make_entry", [service_account, refresh_token])
def test_a_pipeline_signs_in_without_a_browser(make_entry, practice, drive_server, tmp_path):
    """A service account, or a refresh token, in the store is all that a server needs."""
    server = drive_server(practice)
    store = {"drive": make_entry(f"{server.url}/token")}
    catalog = make_catalog(tmp_path, {"endpoint": server.url}, store)
    save_all(catalog, 4)
    assert catalog.load("train_photos")[0][0].shape == (4, 8, 8, 3)


def test_an_authorized_user_is_taken_as_google_writes_it(practice):
    """The JSON of `gcloud auth application-default login` works as an entry of the store."""
    received = []

    def open_source(credentials):
        received.append(credentials)
        return LocalFolder(practice)

    user = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}
    ListingDataset(drive={"type": open_source}, credentials=user).load()
    (credentials,) = received
    assert credentials.refresh_token == "c"
    assert credentials.client_id == "a"


def test_an_api_key_of_the_store_reads_what_is_public_and_is_shown_nowhere(
    practice, drive_server, tmp_path, caplog
):
    """Listed, saved, loaded and read with it; no description, log, list or pickle holds it."""
    caplog.set_level(logging.DEBUG)
    server = drive_server(practice, public=["flower"])
    store = {"drive": {"api_key": PRACTICE_API_KEY}}
    catalog = make_catalog(tmp_path, {"endpoint": server.url}, store)
    listing = {"type": LISTING, "folder": server.id("flower"), "drive": {"endpoint": server.url}}
    public = DataCatalog.from_config({"photos": {**listing, "credentials": "drive"}}, store)
    catalog.save("train_photos", list(public.load("photos"))[:4])
    sequence = catalog.load("train_photos")
    assert sequence[0][0].shape == (4, 8, 8, 3)
    for dataset in (public["photos"], catalog["train_photos"]):
        for shown in (repr(dataset), str(dataset._describe()), caplog.text):
            assert PRACTICE_API_KEY not in shown
        assert PRACTICE_API_KEY.encode() not in pickle.dumps(dataset)
    assert PRACTICE_API_KEY.encode() not in pickle.dumps(sequence)
    assert PRACTICE_API_KEY not in (tmp_path / "train_photos.json").read_text()


@pytest.mark.parametrize(
    "entry, said",
    [
        ({"api_key": SECRET, "token": SECRET}, "holds nothing else. It holds: api_key, token"),
        ({"api_key": f"{SECRET} two words"}, "must be an API key"),
        ({"api_key": 3}, "must be an API key"),
    ],
)
def test_an_api_key_that_is_none_is_refused_and_not_shown(entry, said):
    with pytest.raises(Exception, match=said) as error:
        list(ListingDataset(credentials=entry).load())
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("place", ["drive", "archive"])
def test_an_api_key_in_the_catalog_is_refused(place):
    """Where the description of a dataset would show it."""
    with pytest.raises(DatasetError, match="`api_key` stands in credentials.yml") as error:
        ListingDataset(**{place: {"api_key": SECRET}})
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("name", ["photos", "train_photos"])
def test_no_description_log_line_or_pickle_holds_credentials(name, catalog, caplog):
    caplog.set_level(logging.DEBUG)
    save_all(catalog)
    dataset = catalog[name]
    dataset.load()
    assert caplog.text
    for shown in (repr(dataset), str(dataset), str(dataset._describe()), repr(catalog)):
        assert SECRET not in shown
    assert SECRET not in caplog.text
    assert SECRET.encode() not in pickle.dumps(dataset)


def test_no_pickled_sequence_holds_credentials(catalog):
    save_all(catalog)
    assert SECRET.encode() not in pickle.dumps(catalog.load("train_photos"))


def test_a_copy_that_kedro_makes_still_signs_in(catalog):
    """Kedro copies a dataset to give it a version; the copy loads as the original does."""
    listed = list(catalog.load("photos"))
    assert list(catalog["photos"]._copy().load()) == listed
    save_all(catalog, 4)
    assert catalog["train_photos"]._copy().load()[0][0].shape == (4, 8, 8, 3)


@pytest.mark.parametrize("place", ["drive", "archive"])
def test_credentials_in_the_wrong_place_are_refused(place):
    """Within `drive`, where the description would show them, they are refused by name alone."""
    with pytest.raises(DatasetError, match="`credentials` stand in the entry itself") as error:
        ListingDataset(**{place: {"credentials": {"token": SECRET}}})
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "entry, said",
    [
        ({"type": "service_account", "private_key": SECRET}, "private_key"),
        ({"type": "authorized_user", "refresh_token": SECRET}, "refresh_token"),
        ({"type": SECRET}, "must be 'service_account'"),
        ({"token": SECRET, "tokken": SECRET}, "tokken"),
    ],
)
def test_credentials_that_are_no_good_are_named_without_their_values(entry, said):
    """An entry of the store is refused with the names it holds, never with its values."""
    with pytest.raises(DatasetError, match=said) as error:
        ListingDataset(credentials=entry).load()
    assert SECRET not in str(error.value)
