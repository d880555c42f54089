"""What each exercise must do, how that is judged, and the hints for those who aren't there yet.

A check takes a student's part, runs it against the reference stack, and returns `Passed` or raises
`CheckFailed`, whose text is the story of what was done, what should have come of it, and what came.
"""

from netlab.checks.verdict import CheckFailed, Passed

__all__ = ["CheckFailed", "Passed"]
