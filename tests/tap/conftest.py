"""Tests with the kernel of this machine as a neighbour."""

from tests.neighbours import folder, host, kernel, need

__all__ = ["folder", "host", "kernel", "need"]
