"""The 19 genres of TMDB and how often they meet in one invented film."""

from random import Random

from pipeline.genres import GENRE_NAMES as GENRES

__all__ = ["GENRES", "genres_of_a_film"]

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
