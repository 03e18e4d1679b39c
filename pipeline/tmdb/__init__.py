"""A client for the movie lists of TMDB: plain arguments in, pages out."""
