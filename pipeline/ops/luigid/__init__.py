"""luigi's central scheduler with guards before its API, and the pages and metrics it serves."""
