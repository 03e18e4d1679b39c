"""Is a text in the language that was asked for? By its script, or by its most frequent words.

Enough for overviews of some sentences, where the question is not which of all languages it is but
whether TMDB served another one than asked for.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

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
"""Script -> its letters, as the inside of a character class."""

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
"""Scripts -> languages that are written in one of them, by their two-letter codes in TMDB.

A language that is not here is not checked: Sanskrit, Pali, Fula and Bambara are written in many
scripts. Japanese goes by its kana: the rest it shares with Chinese.
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

    A text that is too short to tell counts as right, and so does every text in a language whose
    scripts are not known here.
    """
    scripts = _SCRIPTS_OF.get(language)
    if scripts is None:
        return False
    if _is_of_another_script(text, scripts):
        return True
    return _LATIN in scripts and _has_words_of_another(text, language)


def _is_of_another_script(text: str, scripts: tuple[str, ...]) -> bool:
    own = _letter(scripts)
    if scripts == ("han",) and _is_japanese(text):
        return True
    if 6 * _count(own, text[::3]) >= len(text):  # surely enough, by a third of the text
        return False
    foreign = _length(_foreign(scripts).findall(text))
    return foreign >= _FEWEST_LETTERS and _count(own, text) < foreign / 5


def _is_japanese(text: str) -> bool:
    """Whether the text holds kana as Japanese does, not as a name in a Chinese text."""
    kana, han = _count(_letter(("kana",)), text), _count(_letter(("han",)), text)
    return kana >= _FEWEST_LETTERS and kana > han / 2


@functools.cache
def _letter(scripts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f"[{_letters(scripts)}]")


@functools.cache
def _foreign(scripts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f"[^\\W\\d_{_letters(scripts)}]+")


def _letters(scripts: tuple[str, ...]) -> str:
    return "".join(_SCRIPTS[script] for script in scripts)


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
