"""Signed notes and checkpoints: against notes signed by others, and against every change of a byte."""

from __future__ import annotations

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openverdict.errors import InputError, RecordError
from openverdict.ledger.merkle import leaf_hash
from openverdict.ledger.note import (
    Checkpoint,
    KeyKind,
    Note,
    SigningKey,
    VerifierKey,
    load_signing_key,
    open_checkpoint,
    read_keys,
    sign_checkpoint,
    write_signing_key,
)

# The example that the Go documentation of sumdb/note gives, with its (public) private key.
EXAMPLE_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
EXAMPLE_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
# A tree head that Go's public checksum database signed, and the key that Go ships for it.
SUM_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUM_NOTE = (
    "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— sum.golang.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)

ORIGIN = "example.org/register"
KEY = SigningKey(ORIGIN, bytes(range(32)))
NEXT_KEY = SigningKey(ORIGIN, bytes(range(1, 33)))
WITNESS = SigningKey("witness.example.org/one", bytes(range(2, 34)), KeyKind.WITNESS)
HEAD = Checkpoint(ORIGIN, 7, leaf_hash(b"x"))


def test_the_example_of_the_go_documentation_is_signed_byte_for_byte():
    key = SigningKey.parse(EXAMPLE_SECRET)
    assert str(key.verifier()) == EXAMPLE_KEY
    assert key.secret_text() == EXAMPLE_SECRET
    assert str(Note(EXAMPLE_TEXT).signed_by(key)) == f"{EXAMPLE_TEXT}\n{EXAMPLE_LINE}"


def test_a_tree_head_of_the_public_checksum_database_verifies():
    checkpoint, signers = open_checkpoint(SUM_NOTE, [VerifierKey.parse(SUM_KEY)])
    assert (checkpoint.origin, checkpoint.size) == ("go.sum database tree", 20852163)
    assert [str(key) for key in signers] == [SUM_KEY]
    assert str(Note.parse(SUM_NOTE)) == SUM_NOTE


def test_a_checkpoint_reads_back_as_it_was_signed():
    note = str(sign_checkpoint(HEAD, KEY))
    assert open_checkpoint(note.encode(), [KEY.verifier()], ORIGIN) == (HEAD, (KEY.verifier(),))


@given(st.integers(0, 10**15), st.binary(min_size=32, max_size=32))
def test_the_text_of_a_checkpoint_has_one_spelling(size, root):
    checkpoint = Checkpoint(ORIGIN, size, root, ("more",))
    assert Checkpoint.parse(checkpoint.text) == checkpoint


@pytest.mark.parametrize("place", range(len(str(sign_checkpoint(HEAD, KEY)).encode())))
def test_a_changed_byte_anywhere_is_noticed(place):
    data = str(sign_checkpoint(HEAD, KEY)).encode()
    for bit in (0x01, 0x20, 0x80):
        changed = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
        with pytest.raises((InputError, RecordError)):
            open_checkpoint(changed, [KEY.verifier()], ORIGIN)


def test_a_witness_adds_its_time_and_leaves_the_log_s_signature_as_it_is():
    note = sign_checkpoint(HEAD, KEY).signed_by(WITNESS, at=1_700_000_000)
    keys = [KEY.verifier(), WITNESS.verifier()]
    assert open_checkpoint(str(note), keys)[1] == tuple(keys)
    assert open_checkpoint(str(note), keys[:1])[1] == tuple(keys[:1])
    assert note.signatures[1].value[:8] == (1_700_000_000).to_bytes(8, "big")


def test_a_witness_alone_does_not_make_a_checkpoint():
    note = sign_checkpoint(HEAD, KEY).signed_by(WITNESS, at=1)
    with pytest.raises(RecordError, match="witnesses only"):
        open_checkpoint(str(note), [WITNESS.verifier()])


def test_a_cosignature_does_not_hold_for_another_time():
    note = Note(HEAD.text).signed_by(WITNESS, at=5)
    line = note.signatures[0]
    moved = Note(HEAD.text, (type(line)(line.name, line.key_id, bytes(8) + line.value[8:]),))
    with pytest.raises(RecordError, match="does not hold"):
        moved.verify([WITNESS.verifier()])


def test_only_a_witness_signs_with_a_time():
    with pytest.raises(InputError):
        KEY.sign("x\n", at=1)
    with pytest.raises(InputError):
        WITNESS.sign("x\n")


def test_signed_by_the_old_and_the_new_key_a_checkpoint_satisfies_holders_of_either():
    note = str(sign_checkpoint(HEAD, KEY, NEXT_KEY))
    for key in (KEY, NEXT_KEY):
        assert open_checkpoint(note, [key.verifier()])[0] == HEAD


def test_signing_again_replaces_the_signature_of_the_same_key():
    note = sign_checkpoint(HEAD, KEY).signed_by(KEY)
    assert len(note.signatures) == 1


def test_a_note_by_unknown_keys_only_is_refused():
    note = str(sign_checkpoint(HEAD, NEXT_KEY))
    with pytest.raises(RecordError, match=r"no known key \(by example\.org/register\)"):
        open_checkpoint(note, [KEY.verifier()])


def test_a_false_signature_by_a_known_key_spoils_the_note_even_beside_a_true_one():
    good, bad = KEY.sign(HEAD.text), NEXT_KEY.sign("other\n")
    with pytest.raises(RecordError, match="does not hold"):
        Note(HEAD.text, (good, bad)).verify([KEY.verifier(), NEXT_KEY.verifier()])


def test_sixteen_signatures_are_read():
    keys = [SigningKey(f"witness/{i}", bytes([i] * 32), KeyKind.WITNESS) for i in range(15)]
    note = str(sign_checkpoint(HEAD, KEY).signed_by(*keys, at=9))
    signers = open_checkpoint(note, [KEY.verifier(), *(key.verifier() for key in keys)])[1]
    assert len(signers) == 16


def test_a_checkpoint_of_another_log_is_refused():
    note = str(sign_checkpoint(HEAD, KEY))
    with pytest.raises(RecordError, match=r"not of example\.org/other"):
        open_checkpoint(note, [KEY.verifier()], "example.org/other")


def test_the_text_of_a_note_may_hold_empty_lines():
    note = Note("one\n\ntwo\n").signed_by(KEY)
    assert Note.parse(str(note)) == note


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n7\n",
        "origin\n07\nAAAA\n",
        "origin\n-1\n" + "A" * 43 + "=\n",
        "origin\n7\n" + "A" * 43 + "=",
        "origin\n7\n" + "A" * 42 + "B=\n",  # stray bits after the last byte
        "origin\n7\nAAAA\n",
        "\n7\n" + "A" * 43 + "=\n",
        "origin\n7\n" + "A" * 43 + "=\n\nmore\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(InputError, match="checkpoint"):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        "text\n\n— name AAAAAAAA".encode(),
        b"text\n\n- name AAAAAAAA\n",
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— name\n".encode(),
        "te\txt\n\n— name AAAAAAAA\n".encode(),
        b"\xff\n\n",
        b"x" * 1_000_001,
        b"text\n\n" + "— name AAAAAAAA\n".encode() * 101,
    ],
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(InputError, match="note"):
        Note.parse(note)


# --- Keys ---


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u00a0b", "a\nb"])
def test_a_key_name_without_spaces_and_plus_signs_is_asked_for(name):
    with pytest.raises(InputError, match="key name"):
        SigningKey.generate(name)


def test_generated_keys_differ_and_read_back():
    first, second = SigningKey.generate(ORIGIN), SigningKey.generate(ORIGIN)
    assert first.seed != second.seed
    assert SigningKey.parse(first.secret_text()) == first
    assert VerifierKey.parse(str(first.verifier())) == first.verifier()


def test_a_signing_key_does_not_show_its_secret():
    assert KEY.secret_text() not in repr(KEY)
    assert repr(KEY.seed) not in repr(KEY)
    with pytest.raises(InputError) as caught:
        SigningKey.parse(KEY.secret_text()[:-8])
    assert KEY.secret_text()[40:60] not in str(caught.value)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+AQ==",
        EXAMPLE_KEY.replace("c74f20a3", "c74f20a4"),
        EXAMPLE_KEY.replace("PeterNeumann", "PeterNewmann"),
        EXAMPLE_KEY.replace("+AR", "+Ah"),
        EXAMPLE_KEY[:-4],
    ],
)
def test_a_mistyped_verifier_key_is_refused(vkey):
    with pytest.raises(InputError, match="key"):
        VerifierKey.parse(vkey)


def test_keys_are_read_one_a_line():
    text = f"# the first key\n{KEY.verifier()}\n\n{NEXT_KEY.verifier()}\n"
    assert read_keys(text) == (KEY.verifier(), NEXT_KEY.verifier())


def test_a_key_file_is_made_for_its_owner_only_and_never_overwritten(tmp_path):
    path = tmp_path / "key"
    write_signing_key(path, KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signing_key(path, {}) == KEY
    with pytest.raises(InputError, match="exists"):
        write_signing_key(path, NEXT_KEY)
    assert load_signing_key(path, {}) == KEY


@pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX systems")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_key_file_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "key"
    write_signing_key(path, KEY)
    path.chmod(mode)
    with pytest.raises(InputError, match=f"mode {mode:04o} lets others read the key; chmod 600"):
        load_signing_key(path, {})


def test_the_environment_comes_before_the_file(tmp_path):
    environment = {"OPENVERDICT_SIGNING_KEY": NEXT_KEY.secret_text()}
    assert load_signing_key(tmp_path / "none", environment) == NEXT_KEY


def test_a_missing_key_says_where_one_is_looked_for(tmp_path):
    with pytest.raises(InputError, match="OPENVERDICT_SIGNING_KEY"):
        load_signing_key(None, {})
    with pytest.raises(InputError, match="No such file"):
        load_signing_key(tmp_path / "none", {})
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "binary").chmod(0o600)
    with pytest.raises(InputError, match="not text"):
        load_signing_key(tmp_path / "binary", {})
