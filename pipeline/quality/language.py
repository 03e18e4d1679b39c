"""Recognize an overview that is in another language than the requested one.

The script decides where it can; else CLD3 identifies the language, if the text is long enough. A
text that neither identifies counts as correct. The question is not which language it is, but
whether TMDB served another.
"""

import functools
import tomllib
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

_TABLES = tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8"))
_SCRIPTS_OF = {
    language: frozenset(scripts.split())
    for scripts, languages in _TABLES["scripts"].items()
    for language in languages.split()
}
_KANA = {"HIRAGANA", "KATAKANA"}
_DETECTED = frozenset(_TABLES["detected"]["languages"].split())
_ALIKE = {code: group.split() for group in _TABLES["detected"]["alike"] for code in group.split()}

# Fewer letters in another script may be names; fewer letters at all do not identify a language.
_MIN_FOREIGN_LETTERS = 20
_MIN_LETTERS = 40
# CLD3 is wrong about 0.3 % of texts with a higher probability than this.
_MIN_PROBABILITY = 0.9
_DIVIDED = dict.fromkeys(_TABLES["detected"]["divided"].split(), 0.5)
# The bytes of a text that CLD3 reads; more take time and change nothing.
_MAX_BYTES = 200


@functools.lru_cache(maxsize=16_384)
def _words_of_name(letter: str) -> frozenset[str]:
    """Return the words of a letter's name in Unicode, like LATIN SMALL LETTER A."""
    return frozenset(unicodedata.name(letter, "").replace("-", " ").split())


@functools.cache
def load_detector() -> Any:
    """Return CLD3, or None where it is not installed; then only scripts are compared."""
    try:
        import gcld3  # not loaded by a no-op run
    except ImportError:
        return None
    return gcld3.NNetLanguageIdentifier(0, _MAX_BYTES)


@functools.lru_cache(maxsize=4_096)  # a third of the movies of a week are in several lists
def is_other_language(text: str, language: str) -> bool:
    """Whether a text is certainly in another language than that of the two-letter code."""
    scripts = _SCRIPTS_OF.get(language)
    if scripts is None:
        return False
    letters = Counter(filter(str.isalpha, text))
    names = {letter: _words_of_name(letter) for letter in letters}
    own = sum(count for letter, count in letters.items() if names[letter] & scripts)
    foreign = letters.total() - own
    # A Chinese text holds some kana at most, in a name.
    is_chinese = scripts == {"CJK"}
    kana = sum(letters[letter] for letter in names if names[letter] & _KANA) if is_chinese else 0
    if foreign >= _MIN_FOREIGN_LETTERS and own < max(foreign / 5, 2 * kana):
        return True
    if letters.total() < _MIN_LETTERS or not ("LATIN" in scripts or language in _DETECTED):
        return False  # a script of its own identifies a language
    return _is_detected_as_other(text, language)


def _is_detected_as_other(text: str, language: str) -> bool:
    """Whether CLD3 identifies a text as one in another language."""
    detector = load_detector()
    found = detector and detector.FindLanguage(text)
    if not found or found.probability < _DIVIDED.get(found.language, _MIN_PROBABILITY):
        return False
    if "-" in found.language:  # transliterated, as ja-Latn, for which CLD3 takes names
        return False
    if language not in _DETECTED:
        return bool(found.language == "en")
    return found.language not in _ALIKE.get(language, [language])
