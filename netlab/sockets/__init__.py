"""The door between application and transport: BSD sockets, as Python's standard library has them."""
