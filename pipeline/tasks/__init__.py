"""The graph: what requires what. Luigi lives here and nowhere below."""
