"""The titles of the made-up movies, in five languages with the same meaning."""

from typing import NamedTuple

from pipeline.demo.keyed_random import KeyedRandom
from pipeline.demo.vocabulary import (
    ADJECTIVES,
    NOUNS,
    PERSON_NAMES,
    PLACE_NAMES,
    Noun,
    Term,
    parse_table,
)


class Titles(NamedTuple):
    """The title of a movie in English, in Korean, and in its original language."""

    en: str
    ko: str
    original: str

    def translated(self, language: str) -> str:
        """Return the title in "ko" or "en"."""
        return self.ko if language == "ko" else self.en


_LANGUAGES = ("en", "ko", "ja", "es", "fr")
# One template in each of the languages; {A} is {a} with a capital letter.
_MULTILINGUAL = parse_table("""
The {a} and the {b}|{a:과/와} {b}|{a}と{b}|{A} y {b}|{A} et {b}
Between the {a} and the {b}|{a:과/와} {b} 사이|{a}と{b}のあいだ|Entre {a} y {b}|Entre {a} et {b}
The {a} Under the {b}|{b} 아래의 {a}|{b}の下の{a}|{A} bajo {b}|{A} sous {b}
The {a} Behind the {b}|{b} 뒤의 {a}|{b}の裏の{a}|{A} tras {b}|{A} derrière {b}
The {a} Against the {b}|{b}에 맞선 {a}|{b}に逆らう{a}|{A} contra {b}|{A} contre {b}
The {a} Without the {b}|{b} 없는 {a}|{b}のない{a}|{A} sin {b}|{A} sans {b}
First the {a}, Then the {b}|먼저 {a}, 그리고 {b}|まず{a}、そして{b}|\
Primero {a}, luego {b}|D'abord {a}, puis {b}
The {a} Before the {b}|{b} 앞의 {a}|{b}の前の{a}|{A} ante {b}|{A} devant {b}
The {a} Over the {b}|{b} 위의 {a}|{b}の上の{a}|{A} sobre {b}|{A} sur {b}
Neither the {a} nor the {b}|{a}도 {b}도 아닌|{a}でも{b}でもなく|Ni {a} ni {b}|Ni {a} ni {b}
""")
# One template in English and in Korean.
_BILINGUAL = parse_table("""
The {quality} {a}|{quality} {a}
The Last {quality} {a}|마지막 {quality} {a}
Return to the {quality} {a}|{quality} {a:으로/로} 돌아가다
Who Owns the {quality} {a}?|{quality} {a:은/는} 누구의 것인가
{place}'s {quality} {a}|{place}의 {quality} {a}
{person} and the {quality} {a}|{person:과/와} {quality} {a}
{person} Never Saw the {a}|{person:은/는} {a:을/를} 보지 못했다
{person}, the {a} and the {b}|{person}, {a} 그리고 {b}
The Day {place} Lost Its {a}|{place:이/가} {a:을/를} 잃은 날
Meet Me at the {a}, {person}|{a}에서 만나요, {person}
The {a} and the {b} of {place}|{place}의 {a:과/와} {b}
""")


def titles(movie_id: int, original_language: str) -> Titles:
    """Return the titles of a movie whose original language is en, ko, ja, es or fr."""
    random = KeyedRandom("title", movie_id)
    first, second = random.choice(NOUNS), random.choice(NOUNS)
    if second is first:
        second = NOUNS[NOUNS.index(first) - 1]
    languages = ("en", "ko", original_language)
    suffix = " 2" if random.randbelow(33) == 0 else ""
    if original_language not in ("en", "ko") or random.randbelow(100) < 45:
        template = random.choice(_MULTILINGUAL)
        texts = {each: _fill(template, each, first, second) for each in languages}
    else:
        texts = _bilingual(random, first, second)
    return Titles(*(texts[each] + suffix for each in languages))


def _fill(template: tuple[str, ...], language: str, first: Noun, second: Noun) -> str:
    a, b = getattr(first, language), getattr(second, language)
    text = template[_LANGUAGES.index(language)]
    return text.format(a=a, b=b, A=a[:1].upper() + a[1:])


def _bilingual(random: KeyedRandom, a: Noun, b: Noun) -> dict[str, str]:
    english, korean = random.choice(_BILINGUAL)
    quality = random.choice(ADJECTIVES)
    person, place = random.choice(PERSON_NAMES), random.choice(PLACE_NAMES)
    words: dict[str, Noun | Term] = {"a": a, "b": b}
    words |= {"quality": quality, "person": person, "place": place}
    return {
        "en": english.format(**{key: word.en for key, word in words.items()}),
        "ko": korean.format(**{key: word.ko for key, word in words.items()}),
    }
