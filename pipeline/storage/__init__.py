"""Where documents are kept: files, and the JSON in them."""
