"""The application layer: protocols that speak through sockets, as any program on a host does."""
