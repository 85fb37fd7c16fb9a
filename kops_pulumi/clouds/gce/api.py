"""Calls of Compute Engine's REST API: sign in, pages, errors in Google's words, operations to their end (no pulumi).

Credentials are found as the Pulumi provider finds them: a token or a key from the stack's settings, else the
environment's (Application Default Credentials), with a service account to impersonate where the settings name one.

https://cloud.google.com/compute/docs/reference/rest/v1 and https://google-auth.readthedocs.io/.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kops_pulumi.errors import KopsError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from requests import Response, Session

ENDPOINT: Final = "https://compute.googleapis.com/compute/v1"
SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
PAGE: Final = 500
"""Most items that a list answers with at once."""
ATTEMPTS: Final = 6
"""Of every call that Google answers with "too many" or "not now", each after twice the pause."""
WAITS: Final = 15
"""`wait` returns after two minutes at the latest: half an hour in all."""
SECONDS: Final = 150
"""For one answer."""
_AGAIN: Final = (429, 500, 502, 503, 504)
_NOT_FOUND: Final = 404


class Compute:
    """Compute Engine in one project."""

    def __init__(self, project: str, settings: Mapping[str, Any]) -> None:
        self.project = project
        self._settings = settings
        self._endpoint = str(settings.get("computeCustomEndpoint") or ENDPOINT).rstrip("/")

    def get(self, path: str, **query: str) -> Mapping[str, Any]:
        """One resource below the project."""
        return self._call("GET", path, query) or {}

    def post(self, path: str, body: Mapping[str, Any], *, gone_is_fine: bool = False, **query: str) -> None:
        """Ask for something, and wait until the operation behind it is done; KopsError when it fails."""
        operation = self._call("POST", path, query, body, gone_is_fine=gone_is_fine)
        if operation is not None:
            self._finish(operation)

    def delete(self, path: str) -> None:
        """Remove a resource; one that is gone already is fine. The end of a machine is not waited for."""
        self._call("DELETE", path, {}, gone_is_fine=True)

    def aggregated(self, collection: str, **query: str) -> Iterator[Mapping[str, Any]]:
        """Everything of a kind in all zones, in pages."""
        for page in self._pages("GET", f"aggregated/{collection}", query):
            for scope in (page.get("items") or {}).values():
                yield from scope.get(collection) or ()

    def listed(self, path: str, key: str) -> Iterator[Mapping[str, Any]]:
        """What a listing by POST answers, in pages."""
        for page in self._pages("POST", path, {}):
            yield from page.get(key) or ()

    def _pages(self, method: str, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        token = ""
        while True:
            more = {"pageToken": token} if token else {}
            page = self._call(method, path, {"maxResults": str(PAGE), **query, **more}) or {}
            yield page
            token = str(page.get("nextPageToken") or "")
            if not token:
                return

    def _finish(self, operation: Mapping[str, Any]) -> None:
        for _ in range(WAITS):
            if operation.get("status") == "DONE":
                break
            zone = str(operation.get("zone", "")).rpartition("/")[2]
            place = f"zones/{zone}" if zone else "global"
            operation = self._call("POST", f"{place}/operations/{operation['name']}/wait", {}) or operation
        errors = (operation.get("error") or {}).get("errors") or ()
        if errors:
            raise KopsError("; ".join(str(item.get("message")) for item in errors))
        if operation.get("status") != "DONE":
            raise KopsError(f"{operation.get('operationType')} did not end in time")

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        *,
        gone_is_fine: bool = False,
    ) -> Mapping[str, Any] | None:
        """The answer; None when the thing is gone and that is fine."""
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        url = f"{self._endpoint}/projects/{self.project}/{path}"
        try:
            answer = self._session.request(method, url, params=dict(query), json=body, timeout=SECONDS)
        except GoogleAuthError as error:
            hint = "run `gcloud auth application-default login`, or set gcp:credentials"
            raise KopsError(f"cannot sign in to Google Cloud: {error}", hint=hint) from error
        except RequestException as error:
            raise KopsError(f"cannot reach Compute Engine: {error}") from error
        if answer.status_code == _NOT_FOUND and gone_is_fine:
            return None
        if not answer.ok:
            raise KopsError(f"Compute Engine refuses {method} {path}: {_reason(answer)}")
        found: Mapping[str, Any] = answer.json()
        return found

    @cached_property
    def _session(self) -> Session:
        from google.auth.transport.requests import AuthorizedSession
        from requests.adapters import HTTPAdapter
        from urllib3.util.retry import Retry

        signed_in: Callable[[Credentials], Session] = AuthorizedSession
        session = signed_in(credentials(self._settings))
        retry = Retry(
            total=ATTEMPTS - 1,
            status_forcelist=_AGAIN,
            allowed_methods=None,
            backoff_factor=float(self._settings.get("backoff", 1)),
            raise_on_status=False,
        )
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        return session


def credentials(settings: Mapping[str, Any]) -> Credentials:
    """Who we are to Google; KopsError when that cannot be told."""
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        found = _given(settings) or google.auth.default(scopes=SCOPES)[0]
    except (GoogleAuthError, ValueError, OSError) as error:
        hint = "run `gcloud auth application-default login`, or set gcp:credentials"
        raise KopsError(f"cannot sign in to Google Cloud: {error}", hint=hint) from error
    target = settings.get("impersonateServiceAccount")
    if not target:
        return found
    from google.auth import impersonated_credentials

    acting: Callable[..., Credentials] = impersonated_credentials.Credentials
    return acting(source_credentials=found, target_principal=target, target_scopes=SCOPES)


def _given(settings: Mapping[str, Any]) -> Credentials | None:
    """A token, or a key as text or in a file, from the settings."""
    if token := settings.get("accessToken"):
        from google.oauth2.credentials import Credentials as Token

        bearing: Callable[[str], Credentials] = Token
        return bearing(str(token))
    if not (text := settings.get("credentials")):
        return None
    key = text if str(text).lstrip().startswith("{") else Path(str(text)).read_text(encoding="utf-8")
    return _of_key(json.loads(key))


def _of_key(key: Mapping[str, Any]) -> Credentials:
    """A service account's key or a user's; others (workload identity federation) come by the environment."""
    from google.oauth2 import service_account
    from google.oauth2.credentials import Credentials as User

    makers: Mapping[str, Callable[..., Credentials]] = {
        "service_account": service_account.Credentials.from_service_account_info,
        "authorized_user": User.from_authorized_user_info,
    }
    kind = str(key.get("type"))
    if kind not in makers:
        raise ValueError(f"gcp:credentials has a key of type {kind!r}, not {' or '.join(makers)}")
    return makers[kind](key, scopes=list(SCOPES))


def _reason(answer: Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason}"
