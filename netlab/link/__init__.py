"""The link layer: several media behind one interface.

An `interface` sends packets and takes them in; the `link` that it is plugged into brings the
`framing`: `ethernet`, `ppp` on a serial line, or `raw`. A link is a `cable`, or leads to a `hub`,
which all on it share (`csma`). A `switch` forwards frames between cables. `faults`, `chance` and
`queue` are what may happen to a frame on its way.
"""
