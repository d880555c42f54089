"""A state that TCP doesn't have."""

CHECK = "check_open"
HINT = "leads to 'SYN_SEND'"

rows = {
    ("CLOSED", "ACTIVE_OPEN"): (["SEND_SYN"], "SYN_SEND", "3.10.1"),
    ("SYN_SENT", "RCV_SYN_ACK"): (["SEND_ACK", "REPORT_OPEN"], "ESTABLISHED", "3.10.7.3"),
}
