"""netlab: TCP/IP to step through, break and explain.

    from netlab import Network, on
    from netlab.units import Mbps, ms

    net = Network(seed=7)
    alice = net.host("alice", "10.0.0.1/24")
    bob = net.host("bob", "10.0.0.2/24")
    net.connect(alice, bob, delay=10 * ms, rate=10 * Mbps)

The rooms of the house are the layers: `application`, `sockets`, `transport`, `network`, `link`, and
`sim`, the time that they run in. `trace` and `views` show what happened.
"""

import sys

from netlab.experiment import experiment
from netlab.sockets.door import on
from netlab.topology import Network
from netlab.trace.trace import Trace

__all__ = ["Network", "Trace", "experiment", "on"]

if "IPython" in sys.modules:
    from netlab.views import notebook

    notebook.register(sys.modules["IPython"].get_ipython())
