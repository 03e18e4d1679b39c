"""TMDB's film lists: from an endpoint and a number of pages to rows."""
