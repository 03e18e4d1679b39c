"""Recognize an overview that is in another language than the requested one.

A text is recognized by its script or by its most frequent words. That is enough for overviews of
some sentences, because the question is not which language it is, but whether TMDB served another.
"""

from __future__ import annotations

import functools
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Set
from pathlib import Path

_TABLES = tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8"))
_SCRIPTS_OF = {
    language: frozenset(scripts.split())
    for scripts, languages in _TABLES["scripts"].items()
    for language in languages.split()
}
_FREQUENT = {code: frozenset(words.split()) for code, words in _TABLES["frequent_words"].items()}


def is_other_language(text: str, language: str) -> bool:
    """Whether a text is certainly in another language than that of the two-letter code.

    A text that is too short to decide counts as correct, and so does every text in a language
    whose scripts are not known here.
    """
    scripts = _SCRIPTS_OF.get(language)
    if scripts is None:
        return False
    letters = Counter(filter(str.isalpha, text))
    own = _count_letters(letters, scripts)
    foreign = letters.total() - own
    # Japanese holds many Chinese letters, and a Chinese text a name in kana.
    kana = _count_letters(letters, {"HIRAGANA", "KATAKANA"}) if scripts == {"CJK"} else 0
    # Fewer than 20 foreign letters may be names.
    if foreign >= 20 and own < max(foreign / 5, 2 * kana):
        return True
    return "LATIN" in scripts and _has_words_of_other_language(text.lower().split(), language)


def _count_letters(letters: Counter[str], scripts: Set[str]) -> int:
    return sum(count for letter, count in letters.items() if _words_of_name(letter) & scripts)


@functools.lru_cache(maxsize=16_384)
def _words_of_name(letter: str) -> frozenset[str]:
    """Return the words of a letter's name in Unicode, like LATIN SMALL LETTER A."""
    return frozenset(unicodedata.name(letter, "").replace("-", " ").split())


def _has_words_of_other_language(words: list[str], language: str) -> bool:
    """Whether the frequent words of another language prevail.

    For a language without known words only English is considered, because related languages share
    frequent words.
    """
    counts = {code: sum(map(frequent.__contains__, words)) for code, frequent in _FREQUENT.items()}
    own = counts.pop(language, None)
    other = counts["en"] if own is None else max(counts.values())
    own, min_count = own or 0, len(words) / 5  # 30 to 40 % of frequent words are normal
    # Fewer than four frequent words of another language are there by chance.
    return own < min_count and other >= max(4, min_count, 2 * own)
