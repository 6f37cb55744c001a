"""The secret file and the keys that are made with it."""

from __future__ import annotations

import hashlib
import hmac
import stat

import pytest

from openverdict.errors import InputError
from openverdict.identity import Secret, make_secret, read_secret


def test_a_secret_is_read_back_from_a_file_that_only_its_owner_can_read(tmp_path):
    made = make_secret(tmp_path / "s")
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
    assert read_secret(tmp_path / "s") == made
    assert len(made.value) == 32


def test_two_secrets_differ(tmp_path):
    assert make_secret(tmp_path / "a") != make_secret(tmp_path / "b")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_secret_that_others_can_read_is_refused(tmp_path, mode):
    make_secret(tmp_path / "s")
    (tmp_path / "s").chmod(mode)
    with pytest.raises(InputError, match="chmod 600"):
        read_secret(tmp_path / "s")


def test_a_secret_is_never_replaced(tmp_path):
    make_secret(tmp_path / "s")
    with pytest.raises(InputError, match="is there already"):
        make_secret(tmp_path / "s")


def test_a_missing_secret_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match="openverdict identity secret"):
        read_secret(tmp_path / "none")


@pytest.mark.parametrize("text", ["", "hunter2", "ab" * 31, "zz" * 32, "ab" * 64])
def test_what_is_no_secret_is_refused_without_repeating_it(tmp_path, text):
    path = tmp_path / "s"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(InputError) as error:
        read_secret(path)
    assert not text or text not in str(error.value)


def test_a_key_is_the_keyed_hash_of_its_text():
    secret = Secret(b"k" * 32)
    expected = hmac.new(b"k" * 32, b"record\x1fcoroner\x1f17", hashlib.sha256).hexdigest()[:16]
    assert secret.keyed("record", "coroner", "17") == expected


def test_keys_differ_by_label_by_parting_and_by_secret():
    one, other = Secret(b"k" * 32), Secret(b"l" * 32)
    keys = {
        one.keyed("a", "bc"),
        one.keyed("ab", "c"),
        one.keyed("a", "b", "c"),
        other.keyed("a", "bc"),
    }
    assert len(keys) == 4


def test_a_secret_shows_nothing_of_itself():
    secret = Secret(b"k" * 32)
    assert secret.value.hex() not in repr(secret) + str(secret) + secret.fingerprint
