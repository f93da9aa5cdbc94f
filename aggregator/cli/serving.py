"""The page: `serve`."""

import os
import socket

import click

from aggregator.cli import console
from aggregator.cli.place import Place, pass_place
from aggregator.errors import AggregatorError, UsageError, system_words

_MAX_CONCURRENT = 64
_ANYWHERE = {"0.0.0.0", "::"}  # addresses to listen on, no names to be called by


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="0 is any.")
@pass_place
def serve(place: Place, host: str, port: int) -> None:
    """Show the store as a page in the browser until Ctrl-C; anyone may read, the token's holder correct."""
    app = place.app()
    try:
        import uvicorn

        from aggregator.web import build_app, load_token, token_path
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the page wants the extra `web` ({error.name} is missing): pip install headline-aggregator[web]"
        ) from error
    token = load_token(app.store_path, os.environ)
    page = build_app(app, token, hosts=() if host in _ANYWHERE else (_shown(host),))
    with _listener(host, port) as listening:
        console.line(f"http://{_shown(host)}:{listening.getsockname()[1]}/  shows {app.store_path}")
        console.line(f"to correct stories, log in with the token  {token}")
        console.line(f"it is kept in {token_path(app.store_path)}, or given in AGGREGATOR_TOKEN")
        config = uvicorn.Config(
            page,
            log_level="warning",
            access_log=False,
            http="h11",
            ws="none",
            server_header=False,
            limit_concurrency=_MAX_CONCURRENT,
            timeout_graceful_shutdown=5,
        )
        uvicorn.Server(config).run(sockets=[listening])


def _listener(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        AggregatorError: it cannot.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise AggregatorError(
            f"cannot listen on {_shown(host)}:{port}: {system_words(error)}; --port takes another"
        ) from error


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
