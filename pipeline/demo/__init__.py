"""An offline imitation of TMDB v3 with made-up movies, used with `TMDB_API_KEY=demo`.

It answers the same paths with the same fields as TMDB and shows the same irregularities (empty
overviews, missing dates, a movie on two pages). A request for one day always gets the same bytes.
`python -m pipeline.demo` serves it over HTTP.
"""

from pipeline.demo.api import answer
from pipeline.demo.response import Response

__all__ = ["Response", "answer"]
