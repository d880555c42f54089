"""The Transmission Control Protocol (RFC 9293), one file a mechanism."""
