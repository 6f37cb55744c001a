"""The Merkle tree of RFC 9162 over SHA-256: roots, proofs that an entry is in, proofs that nothing before was changed.

Entries are numbered from 0. A *node* is written (level, index): the root of the complete subtree over entries
index·2^level … (index + 1)·2^level − 1; level 0 holds the leaf hashes. A complete node never changes once its last entry is
in, so a store may keep it for good. Notation and algorithms: RFC 9162, section 2.1 (https://www.rfc-editor.org/rfc/rfc9162).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from openverdict.errors import InputError

HASH_BYTES = 32

# The hash of no entries at all: SHA-256 of the empty string.
EMPTY_ROOT = sha256(b"").digest()

# One complete node: level, index, hash.
Node = tuple[int, int, bytes]
# How proofs read nodes; raises LookupError when the node is not complete.
GetNode = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right). The other first byte keeps leaf and node apart."""
    return sha256(b"\x01" + left + right).digest()


def root_from_leaves(leaf_hashes: Iterable[bytes]) -> bytes:
    """Root over the given *leaf hashes* (not the entries themselves), in order; the whole tree is built anew."""
    row = list(leaf_hashes)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        # A last one without a partner moves up as it is: that is the tree of RFC 9162.
        lonely = row[-1:] if len(row) % 2 else []
        pairs = zip(row[::2], row[1::2], strict=False)
        row = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + lonely
    return row[0]


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees. Enough to append and to give the root.

    `hashes` holds one hash for each set bit of `size`, the largest subtree first.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self._size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            raise InputError(
                f"frontier: {len(self._hashes)} hashes do not fit {size} entries; rebuild it from the stored nodes"
            )
        if any(len(value) != HASH_BYTES for value in self._hashes):
            raise InputError(
                "frontier: a hash is not 32 bytes long; rebuild it from the stored nodes"
            )

    @classmethod
    def load(cls, size: int, get_node: GetNode) -> Frontier:
        """The frontier of a tree of `size` entries whose complete nodes are kept somewhere."""
        return cls(size, [get_node(level, index) for level, index in _complete(0, size)])

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, the largest first."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> list[Node]:
        """Add one entry by its leaf hash; the nodes it completes, the leaf (level 0) first, so that a store can keep them."""
        index, level, value = self._size, 0, leaf
        done = [(0, index, leaf)]
        # Like adding 1 in binary: every trailing set bit of the size carries.
        while index & 1:
            value = sha256(b"\x01" + self._hashes.pop() + value).digest()
            index >>= 1
            level += 1
            done.append((level, index, value))
        self._hashes.append(value)
        self._size += 1
        return done

    def root(self) -> bytes:
        """Root over all entries so far."""
        if not self._hashes:
            return EMPTY_ROOT
        value = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            value = node_hash(left, value)
        return value


def inclusion_proof(index: int, size: int, get_node: GetNode) -> list[bytes]:
    """PATH(index, D[size]) of RFC 9162, 2.1.3.1: the hashes that lead from entry `index` to the root, from the bottom up."""
    if not 0 <= index < size:
        raise InputError(f"no entry {index} in a log of {size}; ask for 0 to {size - 1}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_range_root(middle, end, get_node))
            end = middle
        else:
            path.append(_range_root(begin, middle, get_node))
            begin = middle
    return path[::-1]


def consistency_proof(old: int, new: int, get_node: GetNode) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 9162, 2.1.4.1: that the first `old` of `new` entries are those of the older tree.

    Empty where the sizes are equal. From the empty tree there is none: everything continues it.
    """
    if not 0 < old <= new:
        raise InputError(
            f"no proof from {old} to {new} entries; the older size comes first, and is at least 1"
        )
    begin, end, path, whole = 0, new, [], True
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append(_range_root(middle, end, get_node))
            end = middle
        else:
            path.append(_range_root(begin, middle, get_node))
            begin, whole = middle, False
    if not whole:  # otherwise it is the older root itself, which the verifier has
        path.append(_range_root(begin, end, get_node))
    return path[::-1]


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether `proof` shows that the entry with hash `leaf` stands at `index` in the tree of `size` with `root` (2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    number, last, value = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            value = node_hash(other, value)
            while number and not number & 1:
                number >>= 1
                last >>= 1
        else:
            value = node_hash(value, other)
        number >>= 1
        last >>= 1
    return last == 0 and value == root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the tree of `new` entries continues the tree of `old` (RFC 9162, 2.1.4.2).

    Equal sizes need equal roots and no proof. False for an older tree without entries: nothing could be shown of it.
    """
    if not 0 < old <= new or not _are_hashes(old_root, new_root, *proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    # Where the older tree is one complete subtree, its root is the first hash and is left out of the proof.
    steps = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    if not steps:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number >>= 1
        last >>= 1
    of_old = of_new = steps[0]
    for other in steps[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            of_old, of_new = node_hash(other, of_old), node_hash(other, of_new)
            while number and not number & 1:
                number >>= 1
                last >>= 1
        else:
            of_new = node_hash(of_new, other)
        number >>= 1
        last >>= 1
    return last == 0 and of_old == old_root and of_new == new_root


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _complete(begin: int, end: int) -> list[tuple[int, int]]:
    """The complete nodes that cover [begin, end), from the left; `begin` stands where a subtree that long may start."""
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append((level, begin >> level))
        begin += 1 << level
    return nodes


def _range_root(begin: int, end: int, get_node: GetNode) -> bytes:
    """Root over the entries [begin, end) of a subtree of the whole."""
    hashes = [get_node(level, index) for level, index in _complete(begin, end)]
    value = hashes[-1]
    for left in reversed(hashes[:-1]):
        value = node_hash(left, value)
    return value


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
