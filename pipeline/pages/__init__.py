"""The HTML pages: pure functions from documents to one HTML file each.

They read nothing but the templates and translations of this package, and know neither clock nor
settings, so that the same documents give the same bytes.
"""
