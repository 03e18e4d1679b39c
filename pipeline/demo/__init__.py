"""An offline imitation of TMDB v3, filled with films that do not exist.

`TMDB_API_KEY=demo` puts this catalogue in the place of the network: the same paths, the same
shapes, the same hazards (empty overviews, missing dates, a film on two pages), and for one date
always the same bytes. `python -m pipeline.demo` serves it over HTTP.
"""

from pipeline.demo.api import answer
from pipeline.demo.reply import Reply

__all__ = ["Reply", "answer"]
