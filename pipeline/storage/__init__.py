"""Where documents are kept: `Storage` says what that needs, `LocalStorage` keeps them as files."""

from pipeline.storage.local import LocalStorage, exclusive
from pipeline.storage.protocol import Storage
from pipeline.storage.temporary import sweep

__all__ = ["LocalStorage", "Storage", "exclusive", "sweep"]
