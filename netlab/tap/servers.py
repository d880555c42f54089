"""What `--serve` starts on a simulated host: a protocol, and what it is to serve."""

import mimetypes
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import quote

from netlab.application.http.messages import Request, Response
from netlab.application.http.server import serve
from netlab.errors import ConfigurationError
from netlab.host import Host


class Files(Mapping[str, Callable[[Request], Response]]):
    """The files of a folder as pages, each read when it is asked for. A folder is a list of links."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def __getitem__(self, path: str) -> Callable[[Request], Response]:
        file = (self._folder / path.strip("/")).resolve()
        if not file.is_relative_to(self._folder) or not file.exists():
            raise KeyError(path)
        return partial(_page, file)

    def __iter__(self) -> Iterator[str]:
        return iter(["/"])

    def __len__(self) -> int:
        return 1


def _page(file: Path, _: Request) -> Response:
    if file.is_dir():
        names = sorted(f"{each.name}/" if each.is_dir() else each.name for each in file.iterdir())
        links = "\n".join(f'<li><a href="{quote(name)}">{name}</a></li>' for name in names)
        return Response(200, f"<ul>\n{links}\n</ul>\n")
    kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
    return Response(200, file.read_bytes(), {"Content-Type": kind})


def _http(host: Host, folder: str) -> tuple[str, list[Exception]]:
    if not Path(folder).is_dir():
        raise ConfigurationError(f"--serve http:{folder}: there is no folder {folder!r} to serve")
    server = serve(host, Files(Path(folder)))
    return f"http://{host.address}/ shows the files in {folder}", server.errors


SERVERS: dict[str, Callable[[Host, str], tuple[str, list[Exception]]]] = {"http": _http}
"""By protocol: what starts the server, and gives a line about it and the errors that it will note."""


def start(host: Host, wanted: str) -> tuple[str, list[Exception]]:
    """Start what ``protocol:what`` asks for. `ConfigurationError` for what there is no server for."""
    protocol, _, what = wanted.partition(":")
    if protocol not in SERVERS or not what:
        raise ConfigurationError(
            f"--serve takes a protocol and what to serve, such as http:FOLDER; got {wanted!r}"
            f" (protocols: {', '.join(SERVERS)})"
        )
    return SERVERS[protocol](host, what)
