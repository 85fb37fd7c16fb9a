"""Requests to a cluster's API, with the standard library alone: a kubeconfig in, JSON out.

Commands start fast because nothing is imported for it, and every request ends in bounded time. Users of the kubeconfig
are client certificates (what a stack's own has), tokens, or nobody.

https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final
from urllib.parse import urlsplit

from kops_pulumi import kubeconfig
from kops_pulumi.errors import KopsError

TIMEOUT: Final = 10.0
"""Seconds without a byte after which a request has failed."""
MERGE: Final = "application/merge-patch+json"


class ApiError(KopsError):
    """The API answers with an error; `status` is the HTTP one, `body` its Status object."""

    def __init__(self, status: int, body: Mapping[str, Any], message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, body


class Unreachable(KopsError):  # noqa: N818 - reads as the state it is
    """The API does not answer."""


class Session:
    """One cluster's API at one address."""

    def __init__(self, server: str, context: ssl.SSLContext | None = None, token: str | None = None) -> None:
        self.server = server.rstrip("/")
        self._context, self._token = context, token

    @classmethod
    def of(cls, text: str) -> Session:
        """From a kubeconfig's text: its current context. Raises KopsError when it says no way that we know."""
        found = kubeconfig.current(kubeconfig.parse(text, where="the kubeconfig"))
        if "exec" in found.user or "auth-provider" in found.user:
            raise KopsError(
                "this kubeconfig's user needs a plug-in", hint="give one with a client certificate or a token"
            )
        return cls(str(found.cluster["server"]), kubeconfig.tls(found), found.user.get("token"))

    def get(self, path: str) -> dict[str, Any]:
        """A GET's JSON."""
        return self.call("GET", path)

    def text(self, path: str) -> str:
        """A GET's text, whatever its status; raises Unreachable only."""
        try:
            with closing(self._open("GET", path, None, None)) as answer:
                return str(answer.read().decode(errors="replace"))
        except ApiError as error:
            return error.message

    def call(self, method: str, path: str, body: object = None, kind: str = "application/json") -> dict[str, Any]:
        """A request with a JSON body; raises ApiError or Unreachable."""
        with closing(self._open(method, path, body, kind)) as answer, _broken(self.server):
            found: dict[str, Any] = json.load(answer)
        return found

    def lines(self, path: str) -> Iterator[dict[str, Any]]:
        """A watch's events, until the server ends it."""
        with closing(self._open("GET", path, None, None)) as answer, _broken(self.server):
            for line in answer:
                if line.strip():
                    yield json.loads(line)

    def certificate(self) -> str | None:
        """PEM of the certificate that the API shows; None where it shows none, or does not answer."""
        url = urlsplit(self.server)
        if url.scheme != "https" or not url.hostname:
            return None
        try:
            return ssl.get_server_certificate((url.hostname, url.port or 443), timeout=TIMEOUT)
        except OSError:
            return None

    def _open(self, method: str, path: str, body: object, kind: str | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", **({"Content-Type": kind} if data and kind else {})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(f"{self.server}{path}", data, headers, method=method)  # noqa: S310 - kubeconfig's
        try:
            return urllib.request.urlopen(request, timeout=TIMEOUT, context=self._context)  # noqa: S310
        except urllib.error.HTTPError as error:
            raise _api_error(error) from None
        except (urllib.error.URLError, OSError) as error:
            raise _unreachable(self.server, error) from None


class _broken:  # noqa: N801 - used like a function
    """A connection that breaks in the middle of an answer."""

    def __init__(self, server: str) -> None:
        self._server = server

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError | ValueError):
            raise _unreachable(self._server, error) from None


def _unreachable(server: str, error: BaseException) -> Unreachable:
    reason = getattr(error, "reason", None) or error
    return Unreachable(f"{server} does not answer: {reason or type(error).__name__}")


def _api_error(error: urllib.error.HTTPError) -> ApiError:
    with closing(error):
        text = error.read().decode(errors="replace")
    try:
        body = json.loads(text)
    except ValueError:
        body = {}
    status = body if isinstance(body, dict) else {}
    return ApiError(error.code, status, str(status.get("message") or text.strip() or error.reason))
