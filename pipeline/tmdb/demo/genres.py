"""The 19 genres of TMDB and how often they meet in one invented film."""

from random import Random

GENRES = {
    28: ("Action", "액션"),
    12: ("Adventure", "모험"),
    16: ("Animation", "애니메이션"),
    35: ("Comedy", "코미디"),
    80: ("Crime", "범죄"),
    99: ("Documentary", "다큐멘터리"),
    18: ("Drama", "드라마"),
    10751: ("Family", "가족"),
    14: ("Fantasy", "판타지"),
    36: ("History", "역사"),
    27: ("Horror", "공포"),
    10402: ("Music", "음악"),
    9648: ("Mystery", "미스터리"),
    10749: ("Romance", "로맨스"),
    878: ("Science Fiction", "SF"),
    10770: ("TV Movie", "TV 영화"),
    53: ("Thriller", "스릴러"),
    10752: ("War", "전쟁"),
    37: ("Western", "서부"),
}
"""id -> (English name, Korean name), in TMDB's order."""

# leading genre -> (films in a hundred led by it, likely companions with the likeliest first)
_AFFINITY = {
    18: (17, (10749, 53, 35, 80, 36, 10752, 10402)),
    35: (15, (10749, 18, 16, 28, 10751, 27, 10402)),
    28: (14, (53, 12, 878, 80, 18, 14, 37)),
    27: (13, (53, 878, 9648, 35, 18)),
    10749: (7, (18, 35, 878, 14, 10402)),
    878: (9, (28, 16, 53, 12, 27)),
    53: (6, (27, 80, 9648, 28, 878)),
    16: (11, (35, 10751, 12, 878, 28)),
    99: (2, (10402, 36)),
    80: (1, (53, 18)),
    12: (2, (16, 14)),
    14: (2, (16, 10749)),
    10770: (1, (18, 10749)),
    10752: (1, (18, 36)),
}

_LEADERS = [genre for genre, (weight, _) in _AFFINITY.items() for _ in range(weight)]
_COUNTS = [0] + [1] * 26 + [2] * 39 + [3] * 25 + [4] * 9


def genres_of_a_film(chance: Random) -> tuple[int, ...]:
    """Draw 0 to 4 distinct genre ids, the leading one first."""
    count = _COUNTS[int(chance.random() * len(_COUNTS))]
    if count == 0:
        return ()
    drawn = [_LEADERS[int(chance.random() * len(_LEADERS))]]
    companions = _AFFINITY[drawn[0]][1]
    for _ in range(count - 1):
        likely_first = int(chance.random() * chance.random() * len(companions))
        if companions[likely_first] not in drawn:
            drawn.append(companions[likely_first])
    return tuple(drawn)
