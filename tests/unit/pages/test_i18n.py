"""Both languages of the pages have the same messages, and numbers and times are written for people.

A message is used if its `section.key` stands in the code or in a template, or if its section is
passed to `t.enum`.
"""

from __future__ import annotations

import configparser
import datetime
import re
import string

import pytest
from support.repository import REPOSITORY

from pipeline.pages.i18n import LANGUAGES, NO_VALUE, Message, Translator, load_messages
from pipeline.quality.rules import RULES

ENGLISH, KOREAN = Translator("en"), Translator("ko")
RULE_SECTION = "rules."
DIFFERENT = {"formats.axis_day"}
"""Messages of which a language leaves out a value: Korean writes 5/7 for 7 May."""

PLURAL = re.compile(
    r"\{(\w+)\} (more |failed )?"
    r"(movies|days|lists|checks|years|pages|fields|rows|votes|warnings|errors|notes|retries)\b"
)
NEVER_ONE = {
    *("trend.days_says", "trend.days_same", "trends.gain_note"),
    *("movies.show_all", "index.fresh_days"),
}
"""Of a week and more, of more than 20 movies; one day ago is yesterday."""
PARTICLE = re.compile(r"\{(name|field|where|title|word)\}(은|는|이|가|을|를|으로|로|과|와)\b")

PAGES = REPOSITORY / "pipeline/pages"
SOURCES = "\n".join(
    path.read_text("utf-8") for path in sorted([*PAGES.glob("*.py"), *PAGES.rglob("*.html")])
)
NAMED = {quoted[1] for quoted in re.finditer(r"""["'](\w+\.(?!html)\w+)["']""", SOURCES)}
ENUMS = set(re.findall(r"""\.enum\(\s*["'](\w+)["']""", SOURCES))


def keys(language: str) -> set[str]:
    """The keys of a language but for the rules, which the reports describe in English."""
    return {key for key in load_messages(language) if not key.startswith(RULE_SECTION)}


def placeholders(message: Message) -> set[str]:
    return {
        re.split(r"[.\[]", field)[0]
        for text in message
        for _, field, _, _ in string.Formatter().parse(text)
        if field is not None
    }


def test_both_languages_have_the_same_messages() -> None:
    assert keys("en") == keys("ko")


@pytest.mark.parametrize("key", sorted(keys("en")))
def test_a_message_has_the_same_placeholders_in_both_languages(key: str) -> None:
    english, korean = load_messages("en")[key], load_messages("ko")[key]
    if any(english) and key not in DIFFERENT:
        assert placeholders(english) == placeholders(korean)


def test_no_korean_message_is_empty() -> None:
    assert [key for key, message in load_messages("ko").items() if not all(message)] == []


def test_every_message_is_used() -> None:
    assert {key for key in keys("en") - NAMED if key.partition(".")[0] not in ENUMS} == set()


def test_every_message_that_a_page_uses_exists() -> None:
    sections = {key.partition(".")[0] for key in keys("en")}
    assert {key for key in NAMED - keys("en") if key.partition(".")[0] in sections} == set()
    assert {section for section in ENUMS if section != "rules"} <= sections


def test_every_file_that_a_page_needs_is_installed_with_the_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    patterns = setup["options.package_data"]["pipeline.pages"].split()
    installed = {path for pattern in patterns for path in PAGES.glob(pattern)}
    needed = {path for path in PAGES.rglob("*.*") if path.suffix not in (".py", ".pyc")}
    assert needed == installed


def test_every_rule_has_a_korean_description() -> None:
    described = {key.removeprefix(RULE_SECTION) for key in load_messages("ko")} - keys("ko")
    assert {rule.id for rule in RULES} == described
    assert all(re.search("[가-힣]", KOREAN.enum("rules", rule.id)) for rule in RULES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_says_what_is_wrong_where_it_fails(language: str) -> None:
    translator = Translator(language)
    assert [rule.id for rule in RULES if not translator.has("failures", rule.id)] == []


def test_a_page_exists_in_no_third_language() -> None:
    assert LANGUAGES == ("en", "ko")
    with pytest.raises(ValueError, match="tuple"):
        Translator("fr")


@pytest.mark.parametrize(("n", "text"), [(1, "1 retry"), ("1", "1 retry"), (0, "0 retries")])
def test_one_is_written_in_the_singular(n: object, text: str) -> None:
    assert ENGLISH("figures.retries", n=n) == text


def test_a_counted_noun_has_a_singular_unless_it_is_never_one() -> None:
    messages = {key: load_messages("en")[key] for key in keys("en")}
    counted = {key for key, message in messages.items() if PLURAL.search(message.other)}
    assert len(counted) > 20
    assert {key for key in counted if messages[key].one == messages[key].other} == NEVER_ONE


def test_no_korean_particle_follows_a_name_whose_last_letter_is_not_known() -> None:
    messages = load_messages("ko").items()
    assert [key for key, each in messages if PARTICLE.search(each.other)] == []


def test_a_list_has_a_translation_or_its_configured_name_or_its_slug() -> None:
    names = {"popular": "x", "horror": "공포", "classics": "Classics"}
    english, korean = Translator("en", names), Translator("ko", names)
    slugs = ("popular", "horror", "classics", "unheard_of")
    assert [*map(english.list_name, slugs)] == ["Popular", "Horror", "Classics", "unheard_of"]
    assert [*map(korean.list_name, slugs)] == ["인기", "공포", "Classics", "unheard_of"]


def test_a_date_is_written_as_each_language_does() -> None:
    date = datetime.date(2024, 5, 7)
    for written in (
        ("day", "7 May 2024", "2024년 5월 7일"),
        ("full_day", "Tuesday 7 May 2024", "2024년 5월 7일 화요일"),
        ("short_day", "7 May", "5월 7일"),
        ("axis_day", "7 May", "5/7"),
        ("numeric_day", "2024-05-07", "2024.05.07"),
        ("week", "Week 19 of 2024", "2024년 19주차"),
    ):
        method, english, korean = written
        assert getattr(ENGLISH, method)(date) == english
        assert getattr(KOREAN, method)(date) == korean


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, NO_VALUE),
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.95, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599, "59 min 59 s"),
        (3720, "1 h 2 min"),
    ],
)
def test_a_duration_is_written_in_the_two_largest_units(seconds: float | None, text: str) -> None:
    assert ENGLISH.seconds(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, NO_VALUE),
        (812, "812 B"),
        (1_000, "1.0 kB"),
        (1_250_000, "1.2 MB"),
        (2_500_000_000_000, "2,500.0 GB"),
    ],
)
def test_a_size_is_written_in_its_unit(count: float | None, text: str) -> None:
    assert ENGLISH.size(count) == text


def test_a_time_is_written_to_the_second() -> None:
    at = datetime.datetime(2024, 1, 7, 6, 5, 4, 900_000, tzinfo=datetime.UTC)
    assert ENGLISH.clock(at) == "06:05:04"
    assert ENGLISH.clock(None) == NO_VALUE


def test_a_percentage_is_not_rounded_up_to_100() -> None:
    assert (ENGLISH.percent(99.99), KOREAN.percent(99.99)) == ("> 99.9%", "> 99.9%")
    assert (ENGLISH.percent(100), ENGLISH.percent(None)) == ("100%", NO_VALUE)
