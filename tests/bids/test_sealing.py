import hashlib
import itertools
import json
import stat
from dataclasses import replace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError

from procurement.bids import crypto, keys, merkle, receipts, sealing
from procurement.bids.models import SealingKey
from tests.bids.market import BEFORE, make_bidder, make_rfq, offer, supplier_of
from tests.keys import keyring_for_tests

PLACE = sealing.Place(rfq_id=1, supplier_id=2, version=3, rfq_revision=4)


@pytest.fixture
def rfq(db):
    return make_rfq()


def sealed(rfq, plaintext=b"12.50", place=PLACE):
    key = SealingKey.objects.get(rfq=rfq)
    return sealing.seal(plaintext, algorithm=key.algorithm, public_key=key.public_key, place=place)


def test_only_the_opener_reads_what_was_sealed(rfq):
    envelope = sealed(rfq)

    opened = sealing.unwrap(SealingKey.objects.get(rfq=rfq), keyring_for_tests())

    assert opened.open(envelope.ciphertext, algorithm=envelope.algorithm, place=PLACE) == b"12.50"
    assert b"12.50" not in envelope.ciphertext
    assert envelope.sha256 == hashlib.sha256(envelope.ciphertext).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"rfq_id": 9},
        {"supplier_id": 9},
        {"version": 9},
        {"rfq_revision": 9},
        {"round": 9},
        {"kind": "technical"},
    ],
)
def test_an_envelope_moved_elsewhere_does_not_open(rfq, change):
    envelope = sealed(rfq)
    opened = sealing.unwrap(SealingKey.objects.get(rfq=rfq), keyring_for_tests())

    with pytest.raises(crypto.Unreadable):
        opened.open(envelope.ciphertext, algorithm=envelope.algorithm, place=replace(PLACE, **change))


def test_keys_are_made_once_and_bound_to_their_rfq(rfq):
    first = SealingKey.objects.get(rfq=rfq)
    assert [key.pk for key in sealing.create_keys(rfq_id=rfq.pk)] == [first.pk]
    assert first.algorithm == crypto.HYBRID.name

    other = SealingKey.objects.get(rfq=make_rfq())
    other.wrapped_private_key = first.wrapped_private_key  # a key row that somebody exchanged
    with pytest.raises(sealing.WrongOpenerKey):
        sealing.unwrap(other, keyring_for_tests())


def test_another_opener_key_is_told_from_a_broken_bid(rfq, tmp_path):
    keys.make(keys.KeyFiles.in_folder(tmp_path))
    content = json.loads((tmp_path / "opener.key").read_text())
    scheme = crypto.scheme_named(content["algorithm"])
    foreign = keys.Keyring(scheme, "foreign", scheme.new_seed())

    with pytest.raises(sealing.WrongOpenerKey):
        sealing.unwrap(SealingKey.objects.get(rfq=rfq), foreign)


def test_the_web_has_no_keyring(settings):
    assert settings.OPENER_KEY_FILE == ""
    with pytest.raises(ImproperlyConfigured):
        keys.opener_keyring()


@pytest.mark.parametrize(("length", "size"), [(0, 1024), (1, 1024), (1020, 1024), (1021, 2048), (5000, 8192)])
def test_plaintext_is_padded_to_size_classes(length, size):
    padded = crypto.pad(b"x" * length)
    assert len(padded) == size
    assert crypto.unpad(padded) == b"x" * length


@pytest.mark.parametrize("broken", [b"", b"\x00", b"\xff\xff\xff\xffxx"])
def test_broken_padding_is_refused(broken):
    with pytest.raises(crypto.Unreadable):
        crypto.unpad(broken)


def test_the_classic_scheme_works_where_ml_kem_is_missing():
    seed = crypto.CLASSIC.new_seed()
    ciphertext = crypto.CLASSIC.seal(b"x", public=crypto.CLASSIC.public_bytes(seed), info=b"i")
    assert crypto.CLASSIC.open(ciphertext, private=crypto.CLASSIC.private_key(seed), info=b"i") == b"x"


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 65_537, 200_000])
def test_files_are_sealed_block_by_block(size):
    content = bytes(itertools.islice(itertools.cycle(range(251)), size))
    sealer = crypto.FileSealer()
    ciphertext = b"".join(
        [*(sealer.feed(content[at : at + 10_000]) for at in range(0, size, 10_000)), sealer.finish()]
    )

    assert b"".join(crypto.open_file([ciphertext[:7], ciphertext[7:]], key=sealer.key)) == content
    assert sealer.sha256 == hashlib.sha256(ciphertext).hexdigest()
    with pytest.raises(crypto.Unreadable):  # cut off after a whole block
        list(crypto.open_file([ciphertext[: 65_536 + 16]] if size > 65_536 else [b""], key=sealer.key))


# --- Merkle tree


def leaves(count):
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


def test_the_tree_is_that_of_rfc_6962():
    a, b, c = leaves(3)
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root([a, b, c]) == merkle.node_hash(merkle.node_hash(a, b), c)


@pytest.mark.parametrize("count", range(1, 18))
def test_every_leaf_has_a_path_to_the_root(count):
    rows = leaves(count)
    for index, leaf in enumerate(rows):
        assert merkle.follow(leaf, merkle.path(rows, index)) == merkle.root(rows)
    assert merkle.follow(merkle.leaf_hash(b"other"), merkle.path(rows, 0)) != merkle.root(rows)


# --- receipts


def test_a_receipt_is_signed_and_says_what_was_received(rfq):
    bidder = make_bidder(rfq)
    version = offer(rfq, bidder, "12.50", "13")
    version.refresh_from_db()

    assert version.receipt["envelope_sha256"] == version.envelope_hash
    assert version.receipt["received_at"] == receipts.moment(BEFORE)
    assert version.receipt["lines"] == 2
    assert version.receipt["supplier_id"] == str(supplier_of(bidder).public_id)
    sound = {"signature": version.receipt_signature, "kid": version.receipt_key_id}
    assert receipts.is_genuine(version.receipt, **sound)
    assert not receipts.is_genuine({**version.receipt, "version": 2}, **sound)
    assert not receipts.is_genuine(version.receipt, **{**sound, "kid": "other"})
    assert not receipts.is_genuine(version.receipt, **{**sound, "signature": "???"})


# --- key files


def test_make_keys_never_overwrites(tmp_path, capsys):
    call_command("make_keys", str(tmp_path))
    files = sorted(tmp_path.iterdir())
    before = {path: path.read_bytes() for path in files}
    assert [path.name for path in files] == ["draft.key", "opener.key", "opener_public.key", "receipt.key"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)

    call_command("make_keys", str(tmp_path))
    assert {path: path.read_bytes() for path in sorted(tmp_path.iterdir())} == before
    assert b"private" not in before[tmp_path / "opener_public.key"]


def test_a_public_key_without_its_private_half_is_not_replaced(tmp_path):
    call_command("make_keys", str(tmp_path))
    (tmp_path / "opener.key").unlink()

    with pytest.raises(CommandError):
        call_command("make_keys", str(tmp_path))
    assert not (tmp_path / "opener.key").exists()
