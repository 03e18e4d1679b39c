"""Whether an overview is in the requested language."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from support.repository import REPOSITORY

from pipeline.quality import language
from pipeline.quality.language import is_other_language

OVERVIEWS = REPOSITORY.parent / "shared" / "languages" / "overviews.json"

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
def test_a_text_in_its_own_language_is_accepted(language: str) -> None:
    assert not is_other_language(TEXTS[language], language)


@pytest.mark.parametrize("requested", TEXTS)
@pytest.mark.parametrize("served", TEXTS)
def test_a_text_in_another_language_is_recognized(requested: str, served: str) -> None:
    if requested != served and {requested, served} != {"zh", "ja"}:
        assert is_other_language(TEXTS[served], requested)


LETTERS_OF = {
    "LATIN SMALL LETTER": (
        "aa af ak an ay az bi br bs ca ch co cr cs cy da de ee en eo es et eu fi fj fo fr fy ga gd "
        "gl gn gv ha ho hr ht hu hz ia id ie ig ik io is it iu jv kg ki kj kk kl kr ku kw ky la lb "
        "lg li ln lt lu lv mg mh mi mo ms mt na nb nd ng nl nn no nr nv ny oc oj om pl pt qu rm rn "
        "ro rw sc se sg sh sk sl sm sn so sq sr ss st su sv sw tg tk tl tn to tr ts tt tw ty ug uz "
        "ve vi vo wa wo xh yo za zu"
    ),
    "CYRILLIC SMALL LETTER": (
        "ab av az ba be bg bs ce cu cv kk ku kv ky mk mn mo os ru sh sr tg tk tt ug uk uz"
    ),
    "ARABIC LETTER": "ar az fa ha kk ks ku ky ms pa ps sd tg tk tt ug ur uz wo",
    "DEVANAGARI LETTER": "bh hi ks mr ne sd",
    "BENGALI LETTER": "as bn",
    "GURMUKHI LETTER": "pa",
    "GUJARATI LETTER": "gu",
    "ORIYA LETTER": "or",
    "TAMIL LETTER": "ta",
    "TELUGU LETTER": "te",
    "KANNADA LETTER": "kn",
    "MALAYALAM LETTER": "ml",
    "SINHALA LETTER": "si",
    "THAI CHARACTER": "th",
    "LAO LETTER": "lo",
    "TIBETAN LETTER": "bo dz",
    "MYANMAR LETTER": "my",
    "GEORGIAN LETTER": "ka",
    "ETHIOPIC SYLLABLE": "am ti",
    "KHMER LETTER": "km",
    "MONGOLIAN LETTER": "mn",
    "CANADIAN SYLLABICS": "cr ik iu oj",
    "GREEK SMALL LETTER": "el",
    "ARMENIAN SMALL LETTER": "hy",
    "HEBREW LETTER": "he yi",
    "THAANA LETTER": "dv",
    "YI SYLLABLE": "ii",
    "HANGUL SYLLABLE": "ko",
    "HIRAGANA LETTER": "ja",
    "CJK UNIFIED IDEOGRAPH": "cn ja zh",
}
"""How Unicode names a script's letters -> languages of TMDB's list that are written in it."""

NOT_CHECKED = "bm ff pi sa xx"
"""In TMDB's list, and written in many scripts, or no language at all."""

CHECKED = sorted({code for codes in LETTERS_OF.values() for code in codes.split()})


def letters(name: str) -> str:
    """Some letters of a script, as words: too few for CLD3, because they are of no language."""
    found = [
        chr(number)
        for number in range(0x20000)
        if unicodedata.name(chr(number), "").startswith(name) and chr(number).isalpha()
    ]
    picked = found[:: max(1, len(found) // 36)][:36]
    return " ".join("".join(picked[at : at + 6]) for at in range(0, len(picked), 6))


TEXT_OF = {name: letters(name) for name in LETTERS_OF}


@pytest.mark.parametrize("script", LETTERS_OF)
def test_a_text_in_any_script_of_its_language_is_accepted(script: str) -> None:
    wrong = [
        code for code in LETTERS_OF[script].split() if is_other_language(TEXT_OF[script], code)
    ]
    assert wrong == []


@pytest.mark.parametrize("code", CHECKED)
def test_a_text_in_a_script_that_its_language_does_not_use_is_recognized(code: str) -> None:
    missed = [
        script
        for script, codes in LETTERS_OF.items()
        if code not in codes.split() and not is_other_language(TEXT_OF[script], code)
    ]
    assert missed == []


@pytest.mark.parametrize("code", [*NOT_CHECKED.split(), "qq"])
def test_a_language_that_its_script_does_not_identify_is_not_checked(code: str) -> None:
    assert not any(is_other_language(text, code) for text in [*TEXT_OF.values(), *TEXTS.values()])


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("sr", "Mladi lekar se vraća u grad svog detinjstva i nalazi pisma svoje majke."),
        ("kk", "Jas däriger balalyq şağy ötken qalağa oralyp, anasynyñ hattaryn tabady."),
        ("uz", "Ёш шифокор болалиги ўтган шаҳарга қайтади ва онасининг хатларини топади."),
        ("pa", "ਇੱਕ ਨੌਜਵਾਨ ਡਾਕਟਰ ਆਪਣੇ ਬਚਪਨ ਦੇ ਸ਼ਹਿਰ ਵਾਪਸ ਆਉਂਦੀ ਹੈ ਅਤੇ ਆਪਣੀ ਮਾਂ ਦੀਆਂ ਚਿੱਠੀਆਂ ਲੱਭਦੀ ਹੈ।"),
        ("mn", "Залуу эмч бага насны хотдоо эргэн ирж, ээжийнхээ захидлуудыг олжээ."),
        ("ky", "Жаш дарыгер балалыгы өткөн шаарга кайтып келип, апасынын каттарын табат."),
        ("km", "គ្រូពេទ្យវ័យក្មេងម្នាក់ត្រឡប់ទៅទីក្រុងកំណើតវិញ ហើយរកឃើញសំបុត្ររបស់ម្តាយ។"),
        ("my", "ဆရာဝန်မလေးသည် ငယ်စဉ်က နေခဲ့သော မြို့သို့ ပြန်လာပြီး မိခင်၏ စာများကို တွေ့ရှိသည်။"),
        ("si", "තරුණ වෛද්‍යවරියක් ඇගේ ළමා කාලයේ නගරයට ආපසු පැමිණ මවගේ ලිපි සොයා ගනී."),
        ("gu", "એક યુવાન ડૉક્ટર તેના બાળપણના શહેરમાં પાછી ફરે છે અને માતાના પત્રો શોધે છે."),
        (
            "zh",
            TEXTS["zh"]
            + "声优：ことり、ひまわり、すみれ、あやめ、さくら、つばき、ゆり。"
            + TEXTS["zh"] * 2,
        ),
    ],
)
def test_an_overview_in_its_own_language_is_accepted(code: str, text: str) -> None:
    assert not is_other_language(text, code)


def test_english_instead_of_a_language_with_two_scripts_is_recognized() -> None:
    assert is_other_language(TEXTS["en"], "sr")


def test_genuine_overviews_are_accepted() -> None:
    if not OVERVIEWS.exists():
        pytest.skip("the genuine overviews are not beside this checkout (../shared/languages)")
    genuine = json.loads(OVERVIEWS.read_text(encoding="utf-8"))
    wrong = [
        (code, text) for code in genuine for text in genuine[code] if is_other_language(text, code)
    ]
    assert len(genuine) >= 20
    assert wrong == []


def test_japanese_instead_of_chinese_is_recognized() -> None:
    assert is_other_language(TEXTS["ja"], "zh")


@pytest.mark.parametrize(
    ("text", "requested"),
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
def test_a_text_that_is_too_short_to_decide_is_accepted(text: str, requested: str) -> None:
    assert not is_other_language(text, requested)


RELATED = {
    "pl": "Młoda lekarka wraca do miasta swojego dzieciństwa i odnajduje listy swojej matki.",
    "tr": "Genç bir doktor çocukluğunun geçtiği şehre döner ve annesinin mektuplarını bulur.",
    "hu": "Egy fiatal orvosnő visszatér gyermekkora városába, és megtalálja az édesanyja leveleit.",
    "sv": "En ung läkare återvänder till sin barndoms stad och hittar sin mors gamla brev i huset.",
    "da": "En ung læge vender tilbage til sin barndomsby og finder sin mors gamle breve i huset.",
    "gl": "Unha moza médica volve á cidade da súa infancia e atopa as vellas cartas da súa nai.",
    "cs": "Mladá lékařka se vrací do města svého dětství a nachází staré dopisy své matky.",
    "uk": "Молода лікарка повертається до міста свого дитинства й знаходить листи своєї матері.",
    "ar": "تعود طبيبة شابة إلى مدينة طفولتها وتعثر على رسائل والدتها القديمة في البيت المهجور.",
    "fa": "پزشک جوانی به شهر کودکی خود بازمی‌گردد و نامه‌های قدیمی مادرش را در خانه پیدا می‌کند.",
}
"""Texts in languages that share a script, and many words, with others."""


@pytest.mark.parametrize("served", RELATED)
def test_a_related_language_is_recognized(served: str) -> None:
    texts = RELATED | {each: TEXTS[each] for each in ("en", "de", "ru")}
    missed = [each for each in texts if not is_other_language(texts[served], each)]
    assert missed == [served]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("sr", "Mladi lekar se vraća u grad svog detinjstva i nalazi pisma svoje majke."),
        ("sr", "Млади лекар се враћа у град свог детињства и налази писма своје мајке."),
        ("uz", "Yosh shifokor bolaligi o'tgan shaharga qaytadi va onasining xatlarini topadi."),
        ("uz", "Ёш шифокор болалиги ўтган шаҳарга қайтади ва онасининг хатларини топади."),
        ("kk", "Жас дәрігер балалық шағы өткен қалаға оралып, анасының хаттарын табады."),
        ("kk", "Jas däriger balalyq şağy ötken qalağa oralyp, anasynyñ hattaryn tabady."),
        ("az", "Gənc həkim uşaqlığının keçdiyi şəhərə qayıdır və anasının məktublarını tapır."),
        ("az", "Ҝәнҹ һәким ушаглығынын кечдији шәһәрә гајыдыр вә анасынын мәктубларыны тапыр."),
        ("ja", "東京物語、昭和二十八年松竹大船撮影所作品、監督小津安二郎、脚本野田高梧。"),
        ("ja", "第一回日本映画監督協会新人賞受賞作品。戦後沖縄離島医療従事者密着長編記録映画。"),
        ("id", "Seorang dokter muda kembali ke kota masa kecilnya dan menemukan surat ibunya."),
        ("ms", "Seorang doktor muda kembali ke bandar zaman kecilnya dan menemui surat ibunya."),
        ("no", "En ung lege vender tilbake til barndomsbyen sin og finner brevene til moren."),
    ],
)  # fmt: skip
def test_a_language_of_two_scripts_or_close_to_another_one_is_accepted(
    code: str, text: str
) -> None:
    assert not is_other_language(text, code)


def test_without_the_detector_only_scripts_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcld3", None)
    caches = (language.load_detector, is_other_language)
    for each in caches:
        each.cache_clear()
    try:
        assert not is_other_language(TEXTS["de"], "en")
        assert is_other_language(TEXTS["ru"], "en")
    finally:
        for each in caches:
            each.cache_clear()


def test_a_very_long_text_is_recognized() -> None:
    assert is_other_language("the house and the garden of her friend " * 20_000, "ko")
