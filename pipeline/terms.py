"""TMDB's API terms of use, as far as files and messages state them and code keeps to them."""

# The sentence that they require, word for word.
NOTICE = (
    "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise "
    "approved by TMDB."
)

# What they limit, as an end or a part of a sentence.
LIMITS = (
    "TMDB's API terms of use allow non-commercial use only, no machine learning or AI without an "
    "agreement with TMDB, and nothing to be kept longer than six months"
)

# The days after which nothing collected may be kept: six months.
MAX_KEEP_DAYS = 180
