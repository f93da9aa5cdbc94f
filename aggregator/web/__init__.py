"""The page: the store in a browser, server-rendered, without a script. Wants the extra `web`."""

from aggregator.web.app import build_app
from aggregator.web.login import load_token, token_path

__all__ = ["build_app", "load_token", "token_path"]
