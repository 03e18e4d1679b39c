"""The mix of genres: how often a genre leads a made-up movie, and which genres accompany it."""

from random import Random

# main genre -> (its share of the movies in percent, the genres that accompany it, likeliest first)
_MIX = {
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
_MAIN_GENRES = [genre for genre, (percent, _) in _MIX.items() for _ in range(percent)]
# The number of genres of a movie, for 100 typical movies.
_COUNTS = [0] + [1] * 26 + [2] * 39 + [3] * 25 + [4] * 9


def draw_genres(random: Random) -> tuple[int, ...]:
    """Draw 0 to 4 distinct genre ids, the main genre first."""
    count = _COUNTS[int(random.random() * len(_COUNTS))]
    if count == 0:
        return ()
    drawn = [_MAIN_GENRES[int(random.random() * len(_MAIN_GENRES))]]
    companions = _MIX[drawn[0]][1]
    for _ in range(count - 1):
        companion = companions[int(random.random() * random.random() * len(companions))]
        if companion not in drawn:
            drawn.append(companion)
    return tuple(drawn)
