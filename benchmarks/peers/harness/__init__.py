"""What installs, starts, measures and shows the contenders of `benchmarks/peers.py`."""
