"""Titles of films that were never made, in five languages that agree with each other."""

from typing import NamedTuple

from pipeline.demo.chance import Draws
from pipeline.demo.words import PEOPLE, PLACES, QUALITIES, THINGS, Thing

TITLE_LANGUAGES = ("en", "ko", "ja", "es", "fr")


class Titles(NamedTuple):
    """One film's name in English, in Korean, and in the language it was made in."""

    en: str
    ko: str
    original: str


_PAIRS = (
    ("The {a} and the {b}", "{a:과/와} {b}", "{a}と{b}", "{A} y {b}", "{A} et {b}"),
    (
        "Between the {a} and the {b}",
        "{a:과/와} {b} 사이",
        "{a}と{b}のあいだ",
        "Entre {a} y {b}",
        "Entre {a} et {b}",
    ),
    ("The {a} Under the {b}", "{b} 아래의 {a}", "{b}の下の{a}", "{A} bajo {b}", "{A} sous {b}"),
    ("The {a} Behind the {b}", "{b} 뒤의 {a}", "{b}の裏の{a}", "{A} tras {b}", "{A} derrière {b}"),
    (
        "The {a} Against the {b}",
        "{b}에 맞선 {a}",
        "{b}に逆らう{a}",
        "{A} contra {b}",
        "{A} contre {b}",
    ),
    ("The {a} Without the {b}", "{b} 없는 {a}", "{b}のない{a}", "{A} sin {b}", "{A} sans {b}"),
    (
        "First the {a}, Then the {b}",
        "먼저 {a}, 그리고 {b}",
        "まず{a}、そして{b}",
        "Primero {a}, luego {b}",
        "D'abord {a}, puis {b}",
    ),
    ("The {a} Before the {b}", "{b} 앞의 {a}", "{b}の前の{a}", "{A} ante {b}", "{A} devant {b}"),
    ("The {a} Over the {b}", "{b} 위의 {a}", "{b}の上の{a}", "{A} sobre {b}", "{A} sur {b}"),
    (
        "Neither the {a} nor the {b}",
        "{a}도 {b}도 아닌",
        "{a}でも{b}でもなく",
        "Ni {a} ni {b}",
        "Ni {a} ni {b}",
    ),
)

_PORTRAITS = (
    ("The {quality} {a}", "{quality} {a}"),
    ("The Last {quality} {a}", "마지막 {quality} {a}"),
    ("Return to the {quality} {a}", "{quality} {a:으로/로} 돌아가다"),
    ("Who Owns the {quality} {a}?", "{quality} {a:은/는} 누구의 것인가"),
    ("{place}'s {quality} {a}", "{place}의 {quality} {a}"),
    ("{person} and the {quality} {a}", "{person:과/와} {quality} {a}"),
    ("{person} Never Saw the {a}", "{person:은/는} {a:을/를} 보지 못했다"),
    ("{person}, the {a} and the {b}", "{person}, {a} 그리고 {b}"),
    ("The Day {place} Lost Its {a}", "{place:이/가} {a:을/를} 잃은 날"),
    ("Meet Me at the {a}, {person}", "{a}에서 만나요, {person}"),
    ("The {a} and the {b} of {place}", "{place}의 {a:과/와} {b}"),
)


def titles(film_id: int, language: str) -> Titles:
    """Name a film made in one of TITLE_LANGUAGES, the same way every time."""
    draws = Draws("title", film_id)
    first, second = draws.pick(THINGS), draws.pick(THINGS)
    if second is first:
        second = THINGS[THINGS.index(first) - 1]
    sequel = " 2" if draws.below(33) == 0 else ""
    if language not in ("en", "ko") or draws.below(100) < 45:
        return _paired(draws, first, second, language, sequel)
    english, korean = draws.pick(_PORTRAITS)
    quality, person, place = draws.pick(QUALITIES), draws.pick(PEOPLE), draws.pick(PLACES)
    en = english.format(
        a=first.en, b=second.en, quality=quality.en, person=person.en, place=place.en
    )
    ko = korean.format(
        a=first.ko, b=second.ko, quality=quality.ko, person=person.ko, place=place.ko
    )
    return Titles(en + sequel, ko + sequel, (en if language == "en" else ko) + sequel)


def _paired(draws: Draws, first: Thing, second: Thing, language: str, sequel: str) -> Titles:
    template = draws.pick(_PAIRS)

    def named(spoken: str) -> str:
        a, b = getattr(first, spoken), getattr(second, spoken)
        text = template[TITLE_LANGUAGES.index(spoken)]
        return text.format(a=a, b=b, A=a[:1].upper() + a[1:]) + sequel

    return Titles(named("en"), named("ko"), named(language))
