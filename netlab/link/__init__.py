"""The link layer: Ethernet frames, and the interfaces and cables that carry them."""
