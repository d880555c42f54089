"""No names of netlab's at all: texts and lists."""

opening = {
    ("CLOSED", "active OPEN"): (["snd SYN"], "SYN_SENT", "3.10.1"),
    ("SYN_SENT", "rcv SYN,ACK"): (["snd ACK", "tell user: connected"], "ESTABLISHED", "3.10.7.3"),
}
closing = {
    ("ESTABLISHED", "CLOSE"): (["SEND_FIN"], "FIN_WAIT_1", "3.10.4"),
    ("FIN_WAIT_1", "RCV_ACK_OF_FIN"): ([], "FIN_WAIT_2", "3.10.7.4"),
    ("FIN_WAIT_2", "RCV_FIN"): (["SEND_ACK", "START_2MSL"], "TIME_WAIT", "3.10.7.4"),
    ("TIME_WAIT", "TIMEOUT_2MSL"): (["DELETE_TCB"], "CLOSED", "3.10.8"),
}
crossing = {
    ("SYN_SENT", "RCV_SYN"): (["SEND_SYN_ACK"], "SYN_RCVD", "3.10.7.3"),
    ("FIN_WAIT_1", "RCV_FIN"): (["SEND_ACK"], "CLOSING", "3.10.7.4"),
    ("CLOSING", "RCV_ACK_OF_FIN"): (["START_2MSL"], "TIME_WAIT", "3.10.7.4"),
}
waiting = {("TIME_WAIT", "RCV_FIN"): (["SEND_ACK", "START_2MSL"], "TIME_WAIT", "3.10.7.4")}
