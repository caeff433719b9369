"""Proxies and certificates: what stands between this machine and a Drive."""

import contextlib
import datetime
import multiprocessing
import os
import socket
import ssl
import threading

import httplib2
import pytest
from google.oauth2.credentials import Credentials
from hostile_server import HostileServer, whole

from colab_helpers.drive import Drive, DriveError, connect

ME = whole({"user": {"emailAddress": "me"}})


@pytest.fixture
def proxy(hostile_server):
    """A proxy that takes whatever comes, named by the environment."""
    return hostile_server(lambda connection, request: connection.sendall(ME))


@pytest.fixture(params=["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"])
def named(request, monkeypatch, proxy):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv(request.param, proxy.url)
    return request.param


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_hears_what_is_meant_for_this_machine(
    named, proxy, drive_server, flowers, host, monkeypatch
):
    """With PySocks and without it."""
    server = drive_server(flowers)
    url = server.url.replace("127.0.0.1", host)
    assert connect(endpoint=url).account() == "practice@example.com"
    assert not proxy.requests


def test_where_a_proxy_is_needed_and_pysocks_is_missing_it_is_named(monkeypatch, proxy, clock):
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr(httplib2, "socks", None)
    drive = Drive(Credentials(token="SECRET"), clock=clock, sleep=clock.sleep)
    with pytest.raises(DriveError, match="https_proxy.*PySocks.*pip install PySocks") as raised:
        drive.account()
    assert raised.value.ends_run
    assert not clock.waits, "it is told at once"
    assert not proxy.requests


def test_a_host_that_needs_no_proxy_is_asked_without_one(monkeypatch, proxy, clock):
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "drive.invalid")
    monkeypatch.setattr(httplib2, "socks", None)
    drive = Drive(
        Credentials(token="SECRET"),
        "https://drive.invalid",
        attempts=1,
        clock=clock,
        sleep=clock.sleep,
    )
    with pytest.raises(DriveError) as raised:
        drive.account()
    assert "PySocks" not in str(raised.value)
    assert not proxy.requests


class FakeSocks:
    """PySocks, as far as it is used: connects to the proxy, and remembers where to."""

    def __init__(self, waits_for_a_line=False):
        self.asked_for = []
        self.waits_for_a_line = waits_for_a_line

    def socksocket(self):
        return FakeSocksSocket(self)


class FakeSocksSocket(socket.socket):
    def __init__(self, socks):
        super().__init__()
        self._socks = socks

    def setproxy(self, kind, host, port, resolves_names, user, password):
        self._proxy = (host, port)

    def connect(self, address):
        self._socks.asked_for.append(address)
        super().connect(self._proxy)
        if self._socks.waits_for_a_line:
            with self.makefile() as answer:
                answer.readline()
            raise ConnectionError("no answer of the proxy")


def test_with_pysocks_a_proxy_is_used(monkeypatch, certificate):
    """Encrypted all the way: the proxy sees no token."""
    socks = FakeSocks()
    monkeypatch.setattr(httplib2, "socks", socks)
    with encrypted_server(certificate) as server:
        monkeypatch.setenv("https_proxy", server.url)
        monkeypatch.setattr(httplib2, "CA_CERTS", str(certificate))
        drive = Drive(Credentials(token="SECRET"), "https://drive.test", attempts=1)
        assert drive.account() == "me"
    assert socks.asked_for == [("drive.test", 443)]


def test_a_proxy_that_drips_has_a_deadline(monkeypatch, dripping_server):
    monkeypatch.setattr(httplib2, "socks", FakeSocks(waits_for_a_line=True))
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{dripping_server}")
    drive = Drive(Credentials(token="SECRET"), "https://drive.test", deadline=0.3, attempts=1)
    with pytest.raises(DriveError, match="the connection failed"):
        drive.account()


@pytest.fixture
def dripping_server():
    """The port of a server that sends a byte now and then, and no line."""
    ended = threading.Event()

    def drip():
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            while not ended.wait(0.02):
                connection.sendall(b"\x16")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, daemon=True).start()
        yield listener.getsockname()[1]
        ended.set()


# Certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of localhost and drive.test, with its key, that nobody else trusts."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "drive.test")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.DNSName("drive.test")]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


class EncryptedServer(HostileServer):
    """A hostile server behind TLS."""

    def __init__(self, answer, certificate):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self.refused = 0
        super().__init__(answer)

    def _talk(self, connection):
        try:
            encrypted = self._context.wrap_socket(connection, server_side=True)
        except (OSError, ssl.SSLError):
            self.refused += 1
            return
        super()._talk(encrypted)


def encrypted_server(certificate, answer=ME):
    return EncryptedServer(lambda connection, request: connection.sendall(answer), certificate)


def test_a_certificate_that_is_not_trusted_is_told_at_once(certificate, clock):
    with encrypted_server(certificate) as server:
        drive = Drive(
            Credentials(token="SECRET"),
            f"https://localhost:{server.port}",
            clock=clock,
            sleep=clock.sleep,
        )
        with pytest.raises(DriveError, match="CERTIFICATE_VERIFY_FAILED.*clock.*HTTPLIB2_CA_CERTS"):
            drive.account()
        assert not server.requests
    assert not clock.waits


def signed_in_at(token_uri, clock):
    """A Drive whose token must be had there first."""
    credentials = Credentials(
        token=None,
        refresh_token="1//refresh",
        token_uri=token_uri,
        client_id="client",
        client_secret="client-secret",
    )
    return Drive(credentials, clock=clock, sleep=clock.sleep)


def test_a_token_server_that_is_not_trusted_is_told_at_once(certificate, clock):
    with encrypted_server(certificate) as server:
        drive = signed_in_at(f"https://localhost:{server.port}/token", clock)
        with pytest.raises(
            DriveError, match="CERTIFICATE_VERIFY_FAILED.*HTTPLIB2_CA_CERTS"
        ) as raised:
            drive.account()
        assert not server.requests
    assert raised.value.ends_run
    assert not clock.waits


def test_a_proxy_on_the_way_to_a_token_server_is_told_at_once(monkeypatch, proxy, clock):
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr(httplib2, "socks", None)
    drive = signed_in_at("https://oauth2.googleapis.com/token", clock)
    with pytest.raises(DriveError, match="PySocks.*pip install PySocks") as raised:
        drive.account()
    assert raised.value.ends_run
    assert not clock.waits and not proxy.requests


def test_a_certificate_of_another_host_is_told_at_once(certificate, clock, monkeypatch):
    monkeypatch.setattr(httplib2, "CA_CERTS", str(certificate))
    with encrypted_server(certificate) as server:
        drive = Drive(
            Credentials(token="SECRET"),
            f"https://127.0.0.1:{server.port}",
            clock=clock,
            sleep=clock.sleep,
        )
        with pytest.raises(DriveError, match="CERTIFICATE_VERIFY_FAILED") as raised:
            drive.account()
    assert raised.value.ends_run
    assert not clock.waits


def test_a_certificate_that_is_trusted_is_all_it_takes(certificate, monkeypatch):
    monkeypatch.setattr(httplib2, "CA_CERTS", str(certificate))
    with encrypted_server(certificate) as server:
        drive = Drive(Credentials(token="SECRET"), f"https://localhost:{server.port}", attempts=1)
        assert drive.account() == "me"
        assert drive.account() == "me"


def test_from_an_encrypted_server_nobody_is_sent_to_one_that_is_not(
    certificate, monkeypatch, hostile_server
):
    monkeypatch.setattr(httplib2, "CA_CERTS", str(certificate))
    plain = hostile_server(lambda connection, request: connection.sendall(ME))
    answer = whole(b"", 302, Location=plain.url)
    with encrypted_server(certificate, answer) as server:
        drive = Drive(Credentials(token="SECRET"), f"https://localhost:{server.port}", attempts=1)
        with pytest.raises(DriveError, match="not encrypted"):
            drive.account()
    assert not plain.requests


def test_an_encrypted_connection_that_is_never_agreed_on_has_a_deadline(dripping_server):
    address = f"https://localhost:{dripping_server}"
    drive = Drive(Credentials(token="SECRET"), address, deadline=0.3, attempts=1)
    with pytest.raises(DriveError, match="the connection failed"):
        drive.account()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_does_not_end_its_parents_encrypted_connection(certificate, monkeypatch):
    monkeypatch.setattr(httplib2, "CA_CERTS", str(certificate))
    with encrypted_server(certificate) as server:
        drive = Drive(Credentials(token="SECRET"), f"https://localhost:{server.port}", attempts=1)
        assert drive.account() == "me"
        child = multiprocessing.get_context("fork").Process(target=drive.account)
        child.start()
        child.join(60)
        assert child.exitcode == 0
        assert drive.account() == "me"
