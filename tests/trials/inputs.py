"""What is fed in: any JSON, any bytes, and genuine things with something wrong in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

any_text = st.text(st.characters(codec=None), max_size=30)
"""Control characters and halves of surrogate pairs as well."""

_DEPTHS = (10, 60, 100, 300, 480, 900, 980, 990, 1000, 1100, 5000, 100_000)
_ODD_TEXTS = (
    "",
    "\x00",
    "\ud800",
    "\u202e\u0301\u0301\u0301",
    "</script><script>",
    "{{x}}{% end %}",
    "2024-02-30",
    "../../x",
    "a" * 10_000,
)


class Raw(str):
    """Text that goes into the JSON as it stands, be it JSON or not."""


class Pairs(list[tuple[str, Any]]):
    """An object whose keys may come twice."""


nested = st.tuples(st.sampled_from(_DEPTHS), st.sampled_from(("[]", "{}"))).map(
    lambda made: Raw(
        "[" * made[0] + "]" * made[0]
        if made[1] == "[]"
        else '{"a":' * made[0] + "1" + "}" * made[0]
    )
)
odd_numbers = st.sampled_from(
    (0, -1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**64), 10**400, 1e308, -1e308, 5e-324, 0.1, -0.0)
) | st.sampled_from(
    ("NaN", "Infinity", "-Infinity", "1e999", "1E400", "-0", "01", "1.", "9" * 4_400, "9" * 100_000)
).map(Raw)
odd_values = st.one_of(
    st.none(),
    st.booleans(),
    odd_numbers,
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(_ODD_TEXTS),
    any_text,
    nested,
    st.just([]),
    st.just({}),
    st.lists(st.integers() | st.none() | any_text, max_size=4),
    st.dictionaries(any_text, st.integers() | any_text, max_size=3),
)
any_json = st.recursive(
    odd_values,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(any_text, inner, max_size=4)
        | st.lists(st.tuples(any_text, inner), max_size=4).map(Pairs)
    ),
    max_leaves=12,
)


def written(value: Any) -> str:
    """Write JSON, with `Raw` and `Pairs` as they are."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in value) + "}"
    if isinstance(value, dict):
        return written(Pairs(value.items()))
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


_ENCODINGS = (*["utf-8"] * 40, "utf-8-sig", "utf-16", "utf-32", "ascii", "latin-1")


def encoded(text: str, encoding: str) -> bytes:
    """Encode, halves of surrogate pairs too; what the encoding lacks is escaped as JSON does."""
    try:
        return text.encode(encoding, "surrogatepass")
    except UnicodeEncodeError:
        return json.dumps(text)[1:-1].replace('\\"', '"').encode(encoding)


def bytes_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Write values as JSON in some encoding, mostly the right one."""
    return st.builds(encoded, values.map(written), st.sampled_from(_ENCODINGS))


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Something genuine with a piece cut out, doubled or replaced, a few times."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from((0, 1, 2, 8, 100, 5000))))
        piece = draw(
            st.binary(max_size=8)
            | st.sampled_from((b"", b"\x00", b"\xff", b'"', b"{", b"]", b",", b"1e999", b"null"))
            | st.just(bytes(content[start:end]) * 2)
        )
        content[start:end] = piece
    return bytes(content)


@st.composite
def changed(draw: st.DrawFn, whole: Any, most: int = 3) -> Any:
    """A genuine JSON value with some of its parts replaced, left out, or given twice."""
    for _ in range(draw(st.integers(0, most))):
        whole = _changed_once(draw, whole)
    return whole


def _changed_once(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict) and value and not _stops(draw):
        key = draw(st.sampled_from(sorted(value)))
        how = draw(st.sampled_from(("within", "within", "without", "with", "twice")))
        if how == "without":
            return {each: value[each] for each in value if each != key}
        if how == "with":
            return {**value, draw(any_text): draw(odd_values)}
        if how == "twice":
            return Pairs([*value.items(), (key, draw(odd_values))])
        return {**value, key: _changed_once(draw, value[key])}
    if isinstance(value, list) and value and not isinstance(value, Pairs) and not _stops(draw):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _changed_once(draw, value[place]), *value[place + 1 :]]
    return draw(odd_values)


def _stops(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 9)) == 0


def any_content(genuine: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Any bytes, any JSON, or something genuine, changed as a value or damaged as bytes."""

    def one_of(whole: bytes) -> st.SearchStrategy[bytes]:
        try:
            value = json.loads(whole)
        except ValueError:
            return damaged(whole)
        return damaged(whole) | bytes_of(changed(value)) | bytes_of(changed(value))

    arbitrary = (
        st.binary(max_size=200)
        | bytes_of(any_json)
        | st.sampled_from(
            (b"", b"\xef\xbb\xbf", b"null", b"[]", b"{}", b"\x00" * 4096, b"[" * 99999)
        )
    )
    return st.sampled_from(genuine).flatmap(one_of) | arbitrary
