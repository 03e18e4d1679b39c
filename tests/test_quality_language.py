"""Whether an overview is in the language that was asked for."""

from __future__ import annotations

import pytest

from pipeline.quality.language import is_other_language

TEXTS = {
    "ko": "전원 백수로 살 길 막막하지만 사이는 좋은 기택 가족. 장남에게 친구가 과외를 부탁한다.",
    "ja": "平凡な高校生の太郎は、ふしぎな手紙を受け取り、山の向こうへひとりで旅に出ることになる。",
    "zh": "一个普通的少年意外收到一封神秘的信，从此踏上了前往山那边小镇的漫长旅程。",
    "ru": "Молодой врач возвращается в родной город и находит старые письма своей матери.",
    "en": "A young doctor returns to the town of her youth and finds the letters of her mother.",
    "de": "Eine junge Ärztin kehrt in die Stadt zurück und findet die Briefe der Mutter.",
    "fr": "Une jeune femme revient dans la ville de son enfance et trouve les lettres de sa mère.",
    "es": "Una joven vuelve a la ciudad de su infancia y encuentra las cartas de la madre.",
    "pt": "Uma jovem volta para a cidade da sua infância e encontra as cartas da mãe em uma casa.",
    "it": "Una giovane torna nella città della sua infanzia e trova le lettere della madre.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_in_its_own_language_is_right(language: str) -> None:
    assert not is_other_language(TEXTS[language], language)


@pytest.mark.parametrize("asked", TEXTS)
@pytest.mark.parametrize("served", TEXTS)
def test_a_text_in_another_language_is_known(asked: str, served: str) -> None:
    if asked != served and {asked, served} != {"zh", "ja"}:
        assert is_other_language(TEXTS[served], asked)


def test_japanese_is_no_chinese() -> None:
    assert is_other_language(TEXTS["ja"], "zh")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", "ko"),
        ("   ", "en"),
        ("2049", "ko"),
        ("Toy Story 5", "ko"),
        ("Love, Death & Co", "ko"),
        ("Amélie", "en"),
        (
            "어벤져스: The Avengers가 다시 모여 지구를 구한다. Iron Man, Captain America, Thor.",
            "ko",
        ),
        ("Parasite (기생충)", "en"),
        (TEXTS["en"], ""),
        ("Ein Film.", "en"),
        (
            "En ung läkare återvänder till sin barndoms stad och hittar sin mors brev i ett hus.",
            "sv",
        ),
    ],
)
def test_what_cannot_be_told_counts_as_right(text: str, asked: str) -> None:
    assert not is_other_language(text, asked)


def test_english_for_a_language_without_words_of_its_own_here_is_known() -> None:
    assert is_other_language(TEXTS["en"], "sv")


def test_a_very_long_text_takes_no_time_to_speak_of() -> None:
    assert is_other_language("the house and the garden of her friend " * 20_000, "ko")
