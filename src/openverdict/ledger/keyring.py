"""Changing the key that signs: the new one is added and the old one retired in the log, and both sign the head once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from openverdict.errors import InputError
from openverdict.ledger.events import KeyAdded, KeyRetired
from openverdict.ledger.keys import SigningKey, write_signing_key
from openverdict.ledger.models import Key
from openverdict.ledger.store import Store


def change_key(store: Store, path: Path, *, actor: str, purpose: str, reason: str) -> Store:
    """Make a new key in a new file, and let it sign from here on; the store with it.

    A store without any key gets its first one.

    Raises:
        InputError: the file exists, or the store's present key was not given: without it nobody could tell a change of key
            from a forgery.
    """
    has_one = store.rows(Key).exists()
    if has_one and not store.keys:
        raise InputError(
            "the store's present key is needed to change it: name it with --key, or set OPENVERDICT_SIGNING_KEY"
        )
    name = store.keys[0].name if store.keys else f"openverdict/{path.stem}"
    new = SigningKey.generate(name)
    write_signing_key(path, new)
    vkey = str(new.verifier())
    with store.writing(actor, purpose) as writer:
        writer.record(KeyAdded, [Key(name=name, verifier=vkey, status="added")], key=vkey)
        for old in store.keys:
            old_vkey = str(old.verifier())
            row = Key(name=old.name, verifier=old_vkey, status="retired")
            writer.record(KeyRetired, [row], key=old_vkey, reason=reason, successor=vkey)
        writer.checkpoint(*store.keys, new)
    return replace(store, keys=(new,))
