"""The gate between the machines and the first add-on: a bounded wait until the API answers `/readyz`.

It stands in a real update only, where the provider's kubeconfig passes through it; a preview passes at once and costs
nothing, and once a cluster runs the wait is one request. A rehearsal answers it through `KOPS_PULUMI_READYZ`.

https://kubernetes.io/docs/reference/using-api/health-checks/
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

import pulumi

from kops_pulumi import kubeconfig
from kops_pulumi.errors import KopsError

PATIENCE: Final = 20 * 60.0
"""Seconds: the first machine boots, fetches its programs and starts etcd and the API in five to ten minutes."""
PAUSE: Final = 5.0
"""Seconds between two tries."""
NEWS: Final = 30.0
"""Seconds between two lines of progress."""
ANSWER: Final = 10.0
"""Seconds for one answer."""
ADDRESS: Final = "KOPS_PULUMI_READYZ"
"""Environment variable: ask this address instead of the API's own, as rehearsals do."""

Probe: TypeAlias = Callable[[], str | None]
"""One try: None when the API is ready, else why not."""

assumed: ContextVar[bool] = ContextVar("assumed", default=False)
"""Whether the API counts as ready without asking: recordings (`testing`) have none."""


def gated(
    access: pulumi.Output[str], machines: Sequence[pulumi.Output[Any]], resource: pulumi.Resource
) -> pulumi.Output[str]:
    """The same kubeconfig, but not before the machines exist and the API is ready; at once in a preview."""
    if pulumi.runtime.is_dry_run() or assumed.get():
        return access

    async def pass_on(found: Sequence[Any]) -> str:
        text = str(found[0])
        await ready(_probe(text), say=lambda line: pulumi.log.info(line, resource))
        return text

    return pulumi.Output.all(access, *machines).apply(pass_on)


async def ready(
    probe: Probe,
    *,
    say: Callable[[str], object],
    patience: float = PATIENCE,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Try until the API is ready; says so every half minute. Raises KopsError when patience (in seconds) is over."""
    started = last = now()
    while (reason := await asyncio.to_thread(probe)) is not None:
        elapsed = now() - started
        if elapsed + PAUSE > patience:
            raise KopsError(
                f"the API is not ready after {elapsed:.0f} s: {reason}",
                hint="look at a control plane's /var/log/cloud-init-output.log; when this machine cannot reach the "
                "API, use --skip addons here and install add-ons from one that can",
            )
        if elapsed == 0 or now() - last >= NEWS:
            last = now()
            say(f"waiting for the API ({elapsed:.0f} of at most {patience:.0f} s): {reason}")
        await sleep(PAUSE)


def _probe(text: str) -> Probe:
    other = os.environ.get(ADDRESS)
    if other:
        return lambda: ask(other, None)
    found = kubeconfig.current(kubeconfig.parse(text, where="the stack's kubeconfig"))
    context = kubeconfig.tls(found)
    return lambda: ask(f"{found.cluster['server']}/readyz", context)


def ask(url: str, context: ssl.SSLContext | None) -> str | None:
    """One request: None when the answer is good, else the reason in a few words."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER, context=context):  # noqa: S310 - https from a kubeconfig
            return None
    except urllib.error.HTTPError as error:
        return f"it answers {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except OSError as error:  # a timeout, or a connection that breaks in the middle of an answer
        return str(error) or type(error).__name__
