"""What a server of objects must do for us, and does: moto, SeaweedFS and azurite alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from obstore.exceptions import (
    AlreadyExistsError,
    GenericError,
    InvalidPathError,
    NotModifiedError,
    NotSupportedError,
    PermissionDeniedError,
    PreconditionError,
)

from tests.support.object_servers.clients import Store, open_store
from tests.support.object_servers.containers import make_container, s3_client
from tests.support.object_servers.seaweedfs import READER
from tests.support.object_servers.server import ObjectServer

pytestmark = pytest.mark.heavy

#: Three pages of a listing; two where a server takes its time for each put.
N_KEYS = {"seaweedfs": 3000, "moto": 1100, "azurite": 1100}
MULTIPART_BYTES = 12 << 20  # three parts
ODD_KEYS = ["year=2024/a b+ü%20.parquet", "trailing ", "in /side", "co:lon/x", "q?x#y&z", "~*'()!"]


@pytest.fixture
def store(object_server: ObjectServer) -> Store:
    """A client of an empty container."""
    return open_store(object_server)


def read(store: Store, key: str) -> bytes:
    """All bytes of an object."""
    return bytes(store.get(key).bytes())


def tag_of(store: Store, key: str) -> str:
    """ETag of an object."""
    tag = store.head(key)["e_tag"]
    assert tag is not None
    return tag


def test_creates_once(store: Store) -> None:
    """A put that is to create is refused where the key is there, and changes nothing."""
    store.put("marker", b"first", mode="create")
    with pytest.raises(AlreadyExistsError):
        store.put("marker", b"second", mode="create")
    assert read(store, "marker") == b"first"


def test_updates_what_was_read(store: Store) -> None:
    """A put with an ETag is refused where the object has another one, or is gone."""
    store.put("marker", b"first")
    stale = tag_of(store, "marker")
    store.put("marker", b"second", mode={"e_tag": stale})
    with pytest.raises(PreconditionError):
        store.put("marker", b"third", mode={"e_tag": stale})
    with pytest.raises(PreconditionError):
        store.put("absent", b"first", mode={"e_tag": stale})
    assert read(store, "marker") == b"second"


def test_reads_what_was_listed(store: Store) -> None:
    """A get with an ETag is refused where the object changed, of a range, too."""
    store.put("a", b"first")
    stale = tag_of(store, "a")
    store.put("a", b"second")
    assert bytes(store.get("a", options={"if_match": tag_of(store, "a")}).bytes()) == b"second"
    with pytest.raises(PreconditionError):
        store.get("a", options={"if_match": stale})
    with pytest.raises(PreconditionError):
        store.get("a", options={"if_match": stale, "range": (0, 2)})
    with pytest.raises(NotModifiedError):
        store.get("a", options={"if_none_match": tag_of(store, "a")})


def test_reads_ranges(store: Store) -> None:
    """Ranges are read as asked for; one that begins past the end is refused."""
    store.put("a", b"0123456789")
    assert bytes(store.get_range("a", start=2, end=5)) == b"234"
    assert bytes(store.get_range("a", start=8, end=50)) == b"89"
    assert [bytes(each) for each in store.get_ranges("a", starts=[0, 7], ends=[2, 9])] == [
        b"01",
        b"78",
    ]
    with pytest.raises(GenericError, match="416"):
        store.get_range("a", start=50, end=60)


def test_reads_tails(store: Store, object_server: ObjectServer) -> None:
    """The last bytes are read without knowing the size; Azure needs the size."""
    store.put("a", b"0123456789")
    if object_server.scheme == "az":
        with pytest.raises(NotSupportedError):
            store.get("a", options={"range": {"suffix": 3}})
    else:
        assert bytes(store.get("a", options={"range": {"suffix": 3}}).bytes()) == b"789"
        assert bytes(store.get("a", options={"range": {"suffix": 30}}).bytes()) == b"0123456789"


def test_lists_all(store: Store, object_server: ObjectServer) -> None:
    """A listing of several pages has every key with its size and the ETag that a head gives."""
    keys = [f"many/{number:04d}" for number in range(N_KEYS[object_server.kind])]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: store.put(key, key[-1:].encode() * int(key[-1])), keys))
    found = [each for page in store.list("many/") for each in page]
    assert sorted(each["path"] for each in found) == keys
    assert all(each["size"] == int(each["path"][-1]) for each in found)
    # Azure lists ETags without their quotes.
    tags = {each["path"]: (each["e_tag"] or "").strip('"') for each in found}
    assert all(tags[key] == tag_of(store, key).strip('"') for key in keys[:10])
    assert all(tags.values())


def test_lists_whole_names(store: Store) -> None:
    """A prefix is a folder, not the beginning of a name; one without objects is empty."""
    store.put("folder/a", b"")
    store.put("folders/b", b"")
    assert [each["path"] for page in store.list("folder") for each in page] == ["folder/a"]
    assert list(store.list("absent")) == []


def test_deletes(store: Store, object_server: ObjectServer) -> None:
    """What is deleted is gone; what is not there cannot be deleted on Azure alone."""
    store.put("a", b"1")
    store.put("b", b"2")
    store.delete(["a", "b"])
    assert list(store.list()) == []
    if object_server.scheme == "az":
        with pytest.raises(FileNotFoundError):
            store.delete("a")
    else:
        store.delete("a")


def test_puts_parts(store: Store) -> None:
    """An object of several parts is as it was sent."""
    sent = bytes(range(256)) * (MULTIPART_BYTES // 256)
    store.put("large", sent)
    assert read(store, "large") == sent
    assert store.head("large")["size"] == MULTIPART_BYTES


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys_come_back(store: Store, key: str) -> None:
    """Odd names are put, listed and read under one name."""
    store.put(key, b"1")
    assert [each["path"] for page in store.list() for each in page] == [key]
    assert read(store, key) == b"1"


@pytest.mark.parametrize("key", ["a//b", "a/./b", "a/../b", "new\nline"])
def test_refuses_keys(store: Store, key: str) -> None:
    """Empty and dotted segments, and lines, are refused before anything is sent."""
    with pytest.raises(ValueError, match="Could not parse path"):
        store.put(key, b"1")


def test_strange_keys_stop_a_listing(moto_server: ObjectServer) -> None:
    """One key that others put, and obstore cannot name, makes the whole listing an error."""
    server = make_container(moto_server.named("strange"))
    with closing(s3_client(server)) as client:
        client.put_object(Bucket=server.container, Key="a//b", Body=b"1")
    with pytest.raises(InvalidPathError):
        list(open_store(server).list())


def test_absent_key(store: Store) -> None:
    """A key that is not there is a FileNotFoundError without a number."""
    with pytest.raises(FileNotFoundError) as caught:
        store.get("absent")
    assert caught.value.errno is None
    with pytest.raises(FileNotFoundError):
        store.head("absent")


def test_absent_container(object_server: ObjectServer) -> None:
    """A container that is not there is an absent file to all but a listing."""
    store = open_store(object_server.named("not-there"))
    with pytest.raises(FileNotFoundError):
        store.get("a")
    with pytest.raises(FileNotFoundError):
        store.put("a", b"1")
    with pytest.raises(FileNotFoundError):
        store.put("a", bytes(MULTIPART_BYTES))
    with pytest.raises(GenericError, match="404 Not Found"):
        list(store.list())


def test_reader_may_not_write(seaweedfs_server: ObjectServer) -> None:
    """Who may only read lists and reads, and is denied the rest."""
    open_store(seaweedfs_server).put("readable", b"1")
    store = open_store(seaweedfs_server.signed_with(READER))
    assert read(store, "readable") == b"1"
    assert list(store.list()) != []
    with pytest.raises(PermissionDeniedError):
        store.put("readable", b"2")
    with pytest.raises(GenericError, match="AccessDenied"):
        store.delete("readable")


def test_checks_signatures(seaweedfs_server: ObjectServer, azurite_server: ObjectServer) -> None:
    """A wrong key is denied; a listing says so in its text alone."""
    forgeries = [
        seaweedfs_server.signed_with({"AWS_SECRET_ACCESS_KEY": "wrong"}),
        azurite_server.signed_with({"AZURE_STORAGE_ACCOUNT_KEY": "d3Jvbmc="}),
    ]
    for server in forgeries:
        store = open_store(server)
        with pytest.raises(PermissionDeniedError):
            store.get("a")
        with pytest.raises(GenericError, match="403 Forbidden"):
            list(store.list())
