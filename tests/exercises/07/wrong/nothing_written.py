"""Nothing has been written yet."""

CHECK = "check_open"
HINT = "There is no row for active OPEN in CLOSED"

rows = {}
