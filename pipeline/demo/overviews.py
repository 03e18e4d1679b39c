"""The overviews of the made-up movies: one to three sentences, the same plot in both languages."""

from pipeline.demo.keyed_random import KeyedRandom
from pipeline.demo.vocabulary import OCCUPATIONS, PERSON_NAMES, PLACE_NAMES, PORTABLE_NOUNS


def _parse(table: str) -> tuple[dict[str, str], ...]:
    """Return sentences by language from lines in English and Korean by turns."""
    lines = table.strip().splitlines()
    return tuple({"en": en, "ko": ko} for en, ko in zip(lines[::2], lines[1::2], strict=True))


_OPENINGS = _parse("""
{hero}, a {trade} in {place}, finds the forgotten {thing} that someone wants back.
{place}의 {trade} {hero:은/는} 누군가 되찾으려 하는 낡은 {thing:을/를} 발견한다.
When the only {thing} in {place} disappears, everyone suspects {hero} the {trade}.
{place}에 하나뿐이던 {thing:이/가} 사라지자 모두가 {trade} {hero:을/를} 의심한다.
Ten years after leaving {place}, {hero} comes home as a {trade} nobody remembers.
{place:을/를} 떠난 지 십 년, {hero:은/는} 아무도 모르는 {trade:이/가} 되어 돌아온다.
A {trade} named {hero} agrees to carry the last {thing} across the border to {place}.
{trade} {hero:은/는} {thing:을/를} 국경 너머 {place}까지 옮겨 주기로 한다.
Nothing happens in {place} until {hero}, the new {trade}, hears a voice in the {thing}.
아무 일도 없던 {place}, 새로 온 {trade} {hero:은/는} {thing}에서 목소리를 듣는다.
The night the lights go out over {place}, {hero} the {trade} is the last one awake.
{place}의 불빛이 모두 꺼진 밤, 깨어 있던 사람은 {trade} {hero}뿐이었다.
{hero} has spent a lifetime as a {trade} and is sure that {place} holds no more secrets.
평생을 {trade:으로/로} 살아온 {hero:은/는} {place}에 더는 비밀이 없다고 믿는다.
One summer in {place}, {hero} stops being a {trade} and inherits the family {thing}.
{place}에서 보낸 어느 여름, {trade} 일을 잃은 {hero:은/는} {thing:을/를} 물려받는다.
""")

_DEVELOPMENTS = _parse("""
Then {other} knocks at the door with a story that cannot be true.
그때 {other:이/가} 믿기 힘든 이야기를 들고 문을 두드린다.
Together with {other}, an old rival, the search leads ever deeper under the town.
오랜 맞수 {other:과/와} 함께 시작한 추적은 마을 깊은 곳으로 이어진다.
But {other} knows what happened that winter and is ready to talk.
그러나 {other:은/는} 그해 겨울의 진실을 알고 있고, 이제 입을 열려 한다.
What begins as a small lie to {other} soon has the whole coast in motion.
{other}에게 건넨 작은 거짓말은 곧 해안 마을 전체를 뒤흔든다.
Only {other}, twelve years old and far too curious, asks the right question.
호기심 많은 열두 살 {other}만이 제대로 된 질문을 던진다.
Each evening {other} leaves one more clue, and each clue costs a friend.
저녁마다 {other:은/는} 단서를 하나씩 남기고, 단서마다 친구 하나를 잃게 된다.
""")

_ENDINGS = _parse("""
Forty-eight hours remain.
남은 시간은 마흔여덟 시간뿐이다.
Some doors are better left closed.
어떤 문은 닫아 두는 편이 낫다.
Who will be the first to forgive?
누가 먼저 용서할 것인가?
By morning nothing will be as it was.
아침이 오면 모든 것이 달라져 있을 것이다.
And the water keeps rising.
그리고 물은 계속 차오른다.
It is the beginning of an unlikely friendship.
뜻밖의 우정이 그렇게 시작된다.
""")


def overview(movie_id: int, language: str) -> str:
    """Return the overview of a movie in "en" or "ko"."""
    random = KeyedRandom("plot", movie_id)
    sentences = [random.choice(_OPENINGS)]
    length = random.randbelow(6)
    if length > 0:
        sentences.append(random.choice(_DEVELOPMENTS))
    if length > 2:
        sentences.append(random.choice(_ENDINGS))
    hero, other = random.choice(PERSON_NAMES[::2]), random.choice(PERSON_NAMES[1::2])
    thing, place = random.choice(PORTABLE_NOUNS), random.choice(PLACE_NAMES)
    trade = random.choice(OCCUPATIONS)
    text = " ".join(sentence[language] for sentence in sentences)
    if language == "en":
        return text.format(
            hero=hero.en, other=other.en, thing=thing.en.lower(), place=place.en, trade=trade.en
        )
    return text.format(hero=hero.ko, other=other.ko, thing=thing.ko, place=place.ko, trade=trade.ko)
