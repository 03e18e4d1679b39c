"""Serve the demo catalogue over HTTP: `python -m pipeline.demo --port 8080`."""

import sys

from pipeline.demo.server import main

if __name__ == "__main__":
    sys.exit(main())
