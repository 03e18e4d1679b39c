"""What TMDB's terms no longer allow to keep, and what is known of it once it is deleted."""
