"""HTTP/1.1 (RFC 9110, RFC 9112): messages, the protocol as a state machine, and a server."""

from netlab.application.http.messages import Request, Response
from netlab.application.http.server import HttpServer, serve

__all__ = ["HttpServer", "Request", "Response", "serve"]
