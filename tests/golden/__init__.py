"""Golden documents: the JSON documents of the demo catalogue stay equal, change by change.

The documents of three dates, in Korean and in English, are kept as checksums. In `tests/`:

    python -m golden check                     compare the documents with the checksums
    python -m golden write                     update the checksums after an intended change
    python -m golden diff [COMMIT [COMMIT2]]   show the diff of the documents of two commits
"""
