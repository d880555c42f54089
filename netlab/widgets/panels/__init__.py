"""The panels of a bench, one a file."""

from netlab.widgets.panels.byhand import ByHand
from netlab.widgets.panels.connection import ConnectionPanel
from netlab.widgets.panels.contents import Contents
from netlab.widgets.panels.ladder import Ladder
from netlab.widgets.panels.packet import PacketPanel
from netlab.widgets.panels.states import States
from netlab.widgets.panels.time import Time
from netlab.widgets.panels.topology import Topology

PANELS = (Time, Topology, ByHand, Ladder, PacketPanel, States, ConnectionPanel, Contents)
"""All panels, in the order in which they stand in the bench, and are gone through by keyboard."""

__all__ = ["PANELS"]
