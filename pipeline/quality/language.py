"""Is a text in the language that was asked for? By its script, or by its most frequent words.

Enough for overviews of some sentences, where the question is not which of all languages it is but
whether TMDB served another one than asked for.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

_LATIN = "A-Za-zÀ-ɏḀ-ỿ"
_CYRILLIC, _ARABIC, _DEVANAGARI = "Ѐ-ӿ", "؀-ۿ", "ऀ-ॿ"

_SCRIPTS = {
    "ko": "가-힣ᄀ-ᇿㄱ-ㆎ",
    "ja": "ぁ-ヿ",
    "zh": "一-鿿㐀-䶿",
    **dict.fromkeys(("ru", "uk", "bg", "sr", "mk", "be", "kk"), _CYRILLIC),
    **dict.fromkeys(("ar", "fa", "ur"), _ARABIC),
    **dict.fromkeys(("hi", "mr", "ne"), _DEVANAGARI),
    "el": "Ͱ-Ͽ",
    "he": "֐-׿",
    "th": "฀-๿",
    "bn": "ঀ-৿",
    "ta": "஀-௿",
    "te": "ఀ-౿",
    "kn": "ಀ-೿",
    "ml": "ഀ-ൿ",
    "ka": "Ⴀ-ჿ",
    "hy": "԰-֏",
}
"""Language -> letters that make up a good part of every text in it, and of no text in most others.

All others are written in Latin letters. Japanese goes by its kana: the rest it shares with Chinese.
"""

_WORDS = {
    "en": "the and of to in is his with for that her who on their from by as he they",
    "de": "der die das und den von mit ein eine ist sich dem zu im auf nicht wird seine als",
    "fr": "le la les des et une un du est dans qui pour sur avec son que au sa ses",
    "es": "el la los las y una un del en que por con su para se es al sus como",
    "pt": "o os uma um do da em que por com seu sua para se ao dos no na não",
    "it": "il lo gli di e una un del che per con suo sua si nel della alla sono è",
    "nl": "de het een van en in is zijn met op voor die te dat aan niet ze wordt haar",
}
"""Language -> words that nearly every overview in it holds."""

_FREQUENT = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_OTHERS = {
    language: {code: known for code, known in _FREQUENT.items() if code != language}
    for language in _FREQUENT
}
_ENGLISH = {"en": _FREQUENT["en"]}
"""What is suspected where no words of the language itself are known: its relatives share them."""

_FEWEST_LETTERS = 20
"""That are not of the script; fewer may be nothing but names."""

_FEWEST_WORDS = 4
"""Frequent words of another language; fewer may be chance."""

_MANY_WORDS = 0.2
"""Share of a text's words; in its own language some 30 to 40 % are among the frequent ones."""


def is_other_language(text: str, language: str) -> bool:
    """Whether the text is surely in another language than the one of that two-letter code.

    A text that is too short to tell, and a language that is not told, count as right.
    """
    if not language:
        return False
    if _is_of_another_script(text, language):
        return True
    return language not in _SCRIPTS and _has_words_of_another(text, language)


def _is_of_another_script(text: str, language: str) -> bool:
    if language == "zh" and _count(_letter("ja"), text) >= _FEWEST_LETTERS:
        return True
    own = _letter(language)
    if 6 * _count(own, text[::3]) >= len(text):  # surely enough, by a third of the text
        return False
    foreign = _length(_foreign(language).findall(text))
    return foreign >= _FEWEST_LETTERS and _count(own, text) < foreign / 5


@functools.cache
def _letter(language: str) -> re.Pattern[str]:
    return re.compile(f"[{_SCRIPTS.get(language, _LATIN)}]")


@functools.cache
def _foreign(language: str) -> re.Pattern[str]:
    return re.compile(f"[^\\W\\d_{_SCRIPTS.get(language, _LATIN)}]+")


def _count(letter: re.Pattern[str], text: str) -> int:
    return len(letter.findall(text))


def _length(runs: Iterable[str]) -> int:
    return sum(map(len, runs))


def _has_words_of_another(text: str, language: str) -> bool:
    words = text.lower().split()
    own = _hits(words, _FREQUENT.get(language, frozenset()))
    many = _MANY_WORDS * len(words)
    if own >= many:
        return False
    suspected = _OTHERS.get(language, _ENGLISH).values()
    return max(_hits(words, known) for known in suspected) >= max(_FEWEST_WORDS, many, 2 * own)


def _hits(words: list[str], known: frozenset[str]) -> int:
    return len([word for word in words if word in known])
