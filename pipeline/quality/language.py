"""Recognize an overview that is in another language than the requested one.

A text is recognized by its script or by its most frequent words. That is enough for overviews of
some sentences, because the question is not which language it is, but whether TMDB served another.
"""

from __future__ import annotations

import functools
import re

_SCRIPTS = {
    "latin": "A-Za-zªºÀ-ÖØ-öø-\u02ffḀ-ỿⱠ-Ɀ\ua720-\ua7ffꬰ-ꭩﬀ-ﬆＡ-Ｚａ-ｚ",
    "cyrillic": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "arabic": "\u0600-\u06ff\u0750-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
    "devanagari": "\u0900-\u097f\ua8e0-\ua8ff",
    "bengali": "\u0980-\u09ff",
    "gurmukhi": "\u0a00-\u0a7f",
    "gujarati": "\u0a80-\u0aff",
    "odia": "\u0b00-\u0b7f",
    "tamil": "\u0b80-\u0bff",
    "telugu": "\u0c00-\u0c7f",
    "kannada": "\u0c80-\u0cff",
    "malayalam": "\u0d00-\u0d7f",
    "sinhala": "\u0d80-\u0dff",
    "thai": "\u0e00-\u0e7f",
    "lao": "\u0e80-\u0eff",
    "tibetan": "\u0f00-\u0fff",
    "burmese": "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f",
    "georgian": "\u10a0-\u10ff\u1c90-\u1cbf\u2d00-\u2d2f",
    "ethiopic": "\u1200-\u139f\u2d80-\u2ddf\uab00-\uab2f",
    "khmer": "\u1780-\u17ff",
    "mongolian": "\u1800-\u18af",
    "syllabics": "\u1400-\u167f\u18b0-\u18ff",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "armenian": "\u0530-\u058f\ufb13-\ufb17",
    "hebrew": "\u0590-\u05ff\ufb1d-\ufb4f",
    "thaana": "\u0780-\u07bf",
    "yi": "\ua000-\ua4cf",
    "hangul": "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc",
    "kana": "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "han": "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af",
}
"""Script -> its letters, as the content of a character class of a regular expression."""

_LATIN = "latin"

_WRITTEN_IN = {
    "latin": (
        "aa af ak an ay bi br ca ch co cs cy da de ee en eo es et eu fi fj fo fr fy ga gd gl gn gv "
        "ho hr ht hu hz ia id ie ig io is it jv kg ki kj kl kr kw la lb lg li ln lt lu lv mg mh mi "
        "mt na nb nd ng nl nn no nr nv ny oc om pl pt qu rm rn ro rw sc se sg sk sl sm sn so sq ss "
        "st su sv sw tl tn to tr ts tw ty ve vi vo wa xh yo za zu"
    ),
    "cyrillic": "ab av ba be bg ce cu cv kv mk os ru uk",
    "cyrillic latin": "bs mo sh sr",
    "cyrillic latin arabic": "az kk ku ky tg tk tt ug uz",
    "cyrillic mongolian": "mn",
    "latin arabic": "ha ms wo",
    "latin syllabics": "cr ik iu oj",
    "arabic": "ar fa ps ur",
    "arabic devanagari": "ks sd",
    "arabic gurmukhi": "pa",
    "devanagari": "bh hi mr ne",
    "bengali": "as bn",
    "gujarati": "gu",
    "odia": "or",
    "tamil": "ta",
    "telugu": "te",
    "kannada": "kn",
    "malayalam": "ml",
    "sinhala": "si",
    "thai": "th",
    "lao": "lo",
    "tibetan": "bo dz",
    "burmese": "my",
    "georgian": "ka",
    "ethiopic": "am ti",
    "khmer": "km",
    "greek": "el",
    "armenian": "hy",
    "hebrew": "he yi",
    "thaana": "dv",
    "yi": "ii",
    "hangul": "ko",
    "kana": "ja",
    "han": "cn zh",
}
"""Scripts -> the languages that are written in one of them, by their two-letter codes in TMDB.

A language that is not listed is not checked: Sanskrit, Pali, Fula and Bambara are written in many
scripts. Japanese is recognized by its kana, because it shares its other letters with Chinese.
"""

_SCRIPTS_OF = {
    language: tuple(scripts.split())
    for scripts, languages in _WRITTEN_IN.items()
    for language in languages.split()
}

_WORDS = {
    "en": "the and of to in is his with for that her who on their from by as he they",
    "de": "der die das und den von mit ein eine ist sich dem zu im auf nicht wird seine als",
    "fr": "le la les des et une un du est dans qui pour sur avec son que au sa ses",
    "es": "el la los las y una un del en que por con su para se es al sus como",
    "pt": "o os uma um do da em que por com seu sua para se ao dos no na não",
    "it": "il lo gli di e una un del che per con suo sua si nel della alla sono è",
    "nl": "de het een van en in is zijn met op voor die te dat aan niet ze wordt haar",
}
"""Language -> words of which nearly every overview in it contains some."""

_FREQUENT = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_MIN_FOREIGN_LETTERS = 20
"""The number of foreign letters from which a text is in another script; fewer may be names."""

_MIN_FREQUENT_WORDS = 4
"""The number of frequent words of another language that are not there by chance."""

_MIN_SHARE = 0.2
"""The share of frequent words from which a text is in their language; 30 to 40 % are normal."""


def is_other_language(text: str, language: str) -> bool:
    """Whether a text is certainly in another language than that of the two-letter code.

    A text that is too short to decide counts as correct, and so does every text in a language
    whose scripts are not known here.
    """
    scripts = _SCRIPTS_OF.get(language)
    if scripts is None:
        return False
    if _is_in_other_script(text, scripts):
        return True
    return _LATIN in scripts and _has_words_of_other_language(text, language)


def _is_in_other_script(text: str, scripts: tuple[str, ...]) -> bool:
    if scripts == ("han",) and _is_japanese(text):
        return True
    foreign = sum(map(len, _foreign_words(scripts).findall(text)))
    return foreign >= _MIN_FOREIGN_LETTERS and _count_letters(scripts, text) < foreign / 5


def _is_japanese(text: str) -> bool:
    """Whether a text has as many kana as Japanese, and not only a name in a Chinese text."""
    kana = _count_letters(("kana",), text)
    return kana >= _MIN_FOREIGN_LETTERS and kana > _count_letters(("han",), text) / 2


def _count_letters(scripts: tuple[str, ...], text: str) -> int:
    return len(_letter(scripts).findall(text))


@functools.cache
def _letter(scripts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f"[{_letters(scripts)}]")


@functools.cache
def _foreign_words(scripts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f"[^\\W\\d_{_letters(scripts)}]+")


def _letters(scripts: tuple[str, ...]) -> str:
    return "".join(_SCRIPTS[script] for script in scripts)


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
    others = [code for code in _FREQUENT if code != language] if language in _FREQUENT else ["en"]
    other = max(_count_words(words, _FREQUENT[code]) for code in others)
    return other >= max(_MIN_FREQUENT_WORDS, min_count, 2 * own)


def _count_words(words: list[str], frequent: frozenset[str]) -> int:
    return len([word for word in words if word in frequent])
