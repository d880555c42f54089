"""A TAP device as a node of a network: the cable that goes into it ends at the machine's kernel."""

import os
import select
import threading

from netlab.bridge.device import TapDevice
from netlab.errors import BridgeError
from netlab.link.address import MacAddress
from netlab.link.interface import Interface
from netlab.sim.simulation import Simulation

AT_ONCE = 64
"""So many frames are read at most before others have their turn at the network."""
PATIENCE = 2.0
"""Seconds that closing waits for the thread that reads."""


class TapInterface(Interface):
    """The kernel's end of the cable: what arrives here goes on to the kernel."""

    def __init__(self, sim: Simulation, device: TapDevice) -> None:
        super().__init__(sim, device.name, "eth0", MacAddress.from_bytes(device.mac))
        self._device = device

    def receive(self, data: bytes) -> None:
        self.rx.packets += 1
        self.rx.bytes += len(data)
        try:
            self._device.write(data)
        except OSError as error:
            self.rx.dropped += 1
            self.discard(f"the kernel didn't take it: {error.strerror} (is {self.host} up?)")


class Tap:
    """The kernel of this machine, as a neighbour: ``net.connect(host, net.tap("tap0", ...))``.

    What the kernel sends by the device goes onto the cable at once, by a thread of its own.
    """

    def __init__(self, sim: Simulation, device: TapDevice) -> None:
        self.name = device.name
        self.device = device
        self.interface = TapInterface(sim, device)
        self._sim = sim
        self._stopped, self._stop = os.pipe()
        self._reader = threading.Thread(target=self._read, name=f"netlab {self.name}", daemon=True)
        self._reader.start()
        sim.at_close.append(self.close)

    def __repr__(self) -> str:
        return f"<{self.name}, a way to this machine's kernel>"

    def close(self) -> None:
        """Let go of the device: one that was made for this is gone then. Twice is harmless."""
        stop, self._stop = self._stop, -1
        if stop >= 0:
            os.close(stop)  # the reader sees that
            if threading.current_thread() is not self._reader:
                self._reader.join(PATIENCE)

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self.device, select.POLLIN)
        poll.register(self._stopped, select.POLLIN)
        clock, device, interface = self._sim.clock, self.device, self.interface
        try:
            while all(file != self._stopped for file, _ in poll.poll()):
                with clock:
                    for _ in range(AT_ONCE):
                        frame = device.read()
                        if frame is None:
                            break
                        interface.send_frame(frame, "the kernel sent it", None)
        except OSError as error:
            text = f"{self.name} can't be read any more: {error.strerror}. Was it deleted?"
            clock.call_at(0, _complain, BridgeError(error.errno, text))
        finally:
            with clock:  # nobody is writing then
                device.close()
            os.close(self._stopped)


def _complain(error: BridgeError) -> None:
    raise error
