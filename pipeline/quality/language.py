"""Recognize an overview that is in another language than the requested one.

A text is recognized by its script or by its most frequent words. That is enough for overviews of
some sentences, because the question is not which language it is, but whether TMDB served another.
"""

import functools
import tomllib
import unicodedata
from collections import Counter
from pathlib import Path

_TABLES = tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8"))
_SCRIPTS_OF = {
    language: frozenset(scripts.split())
    for scripts, languages in _TABLES["scripts"].items()
    for language in languages.split()
}
_KANA = {"HIRAGANA", "KATAKANA"}
_FREQUENT = {code: frozenset(words.split()) for code, words in _TABLES["frequent_words"].items()}


@functools.lru_cache(maxsize=16_384)
def _words_of_name(letter: str) -> frozenset[str]:
    """Return the words of a letter's name in Unicode, like LATIN SMALL LETTER A."""
    return frozenset(unicodedata.name(letter, "").replace("-", " ").split())


@functools.lru_cache(maxsize=4_096)  # a third of the movies of a week are in several lists
def is_other_language(text: str, language: str) -> bool:
    """Whether a text is certainly in another language than that of the two-letter code.

    A text that is too short to decide counts as correct, and so does every text in a language
    whose scripts are not known here. Related languages share frequent words: a text in a Latin
    language without known words is only compared with English.
    """
    scripts = _SCRIPTS_OF.get(language)
    if scripts is None:
        return False
    letters = Counter(filter(str.isalpha, text))
    own = sum(count for each, count in letters.items() if _words_of_name(each) & scripts)
    foreign, kana = letters.total() - own, 0
    if scripts == {"CJK"}:  # Japanese holds many Chinese letters, and a Chinese text a name in kana
        kana = sum(count for each, count in letters.items() if _words_of_name(each) & _KANA)
    if foreign >= 20 and own < max(foreign / 5, 2 * kana):  # fewer foreign letters may be names
        return True
    if "LATIN" not in scripts:
        return False
    words = text.lower().split()
    counts = {code: sum(word in known for word in words) for code, known in _FREQUENT.items()}
    own_words, min_count = counts.pop(language, None), len(words) / 5  # 30 to 40 % are normal
    other = counts["en"] if own_words is None else max(counts.values())
    # Fewer than four frequent words of another language are there by chance.
    return (own_words or 0) < min_count and other >= max(4, min_count, 2 * (own_words or 0))
