"""Recognize an overview that is in another language than the requested one.

A text is recognized by its script or by its most frequent words. That is enough for overviews of
some sentences, because the question is not which language it is, but whether TMDB served another.
"""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter

_LATIN = "LATIN"
_CHINESE = frozenset({"CJK"})
_KANA = frozenset({"HIRAGANA", "KATAKANA"})

# Scripts by their Unicode names -> TMDB's codes of the languages that are written in one of them. A
# language that is not listed is not checked: Sanskrit, Pali, Fula and Bambara are written in many
# scripts. Japanese is recognized by its kana, because it shares its other letters with Chinese.
_WRITTEN_IN = {
    _LATIN: (
        "aa af ak an ay bi br ca ch co cs cy da de ee en eo es et eu fi fj fo fr fy ga gd gl gn gv "
        "ho hr ht hu hz ia id ie ig io is it jv kg ki kj kl kr kw la lb lg li ln lt lu lv mg mh mi "
        "mt na nb nd ng nl nn no nr nv ny oc om pl pt qu rm rn ro rw sc se sg sk sl sm sn so sq ss "
        "st su sv sw tl tn to tr ts tw ty ve vi vo wa xh yo za zu"
    ),
    "CYRILLIC": "ab av ba be bg ce cu cv kv mk os ru uk",
    "CYRILLIC LATIN": "bs mo sh sr", "CYRILLIC LATIN ARABIC": "az kk ku ky tg tk tt ug uz",
    "CYRILLIC MONGOLIAN": "mn", "LATIN ARABIC": "ha ms wo", "LATIN CANADIAN": "cr ik iu oj",
    "ARABIC": "ar fa ps ur", "ARABIC DEVANAGARI": "ks sd", "ARABIC GURMUKHI": "pa",
    "DEVANAGARI": "bh hi mr ne", "BENGALI": "as bn", "GUJARATI": "gu", "ORIYA": "or",
    "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "SINHALA": "si",
    "THAI": "th", "LAO": "lo", "TIBETAN": "bo dz", "MYANMAR": "my", "GEORGIAN": "ka",
    "ETHIOPIC": "am ti", "KHMER": "km", "GREEK": "el", "ARMENIAN": "hy", "HEBREW": "he yi",
    "THAANA": "dv", "YI": "ii", "HANGUL": "ko", "HIRAGANA KATAKANA": "ja", "CJK": "cn zh",
}  # fmt: skip
_SCRIPTS_OF = {
    language: frozenset(scripts.split())
    for scripts, languages in _WRITTEN_IN.items()
    for language in languages.split()
}

# Language -> words of which nearly every overview in it contains some.
_FREQUENT = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and of to in is his with for that her who on their from by as he they",
        "de": "der die das und den von mit ein eine ist sich dem zu im auf nicht wird seine als",
        "fr": "le la les des et une un du est dans qui pour sur avec son que au sa ses",
        "es": "el la los las y una un del en que por con su para se es al sus como",
        "pt": "o os uma um do da em que por com seu sua para se ao dos no na não",
        "it": "il lo gli di e una un del che per con suo sua si nel della alla sono è",
        "nl": "de het een van en in is zijn met op voor die te dat aan niet ze wordt haar",
    }.items()
}

# The number of foreign letters from which a text is in another script; fewer may be names.
_MIN_FOREIGN_LETTERS = 20

# The number of frequent words of another language that are not there by chance.
_MIN_FREQUENT_WORDS = 4

# The share of frequent words from which a text is in their language; 30 to 40 % are normal.
_MIN_SHARE = 0.2


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
    kana = _count_letters(letters, _KANA) if scripts == _CHINESE else 0
    if foreign >= _MIN_FOREIGN_LETTERS and own < max(foreign / 5, 2 * kana):
        return True
    return _LATIN in scripts and _has_words_of_other_language(text, language)


def _count_letters(letters: Counter[str], scripts: frozenset[str]) -> int:
    return sum(count for letter, count in letters.items() if _words_of_name(letter) & scripts)


@functools.lru_cache(maxsize=16_384)
def _words_of_name(letter: str) -> frozenset[str]:
    """Return the words of a letter's name in Unicode, like LATIN SMALL LETTER A."""
    return frozenset(unicodedata.name(letter, "").replace("-", " ").split())


def _has_words_of_other_language(text: str, language: str) -> bool:
    """Whether the frequent words of another language prevail.

    For a language without known words only English is considered, because related languages share
    frequent words.
    """
    words = text.lower().split()
    own = _count_words(words, _FREQUENT.get(language, frozenset()))
    min_count = _MIN_SHARE * len(words)
    if own >= min_count:
        return False
    others = _FREQUENT.keys() - {language} if language in _FREQUENT else {"en"}
    other = max(_count_words(words, _FREQUENT[code]) for code in others)
    return other >= max(_MIN_FREQUENT_WORDS, min_count, 2 * own)


def _count_words(words: list[str], frequent: frozenset[str]) -> int:
    return sum(word in frequent for word in words)
