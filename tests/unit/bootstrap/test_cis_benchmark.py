"""The 61 checks of CIS 1.12 that rendered documents can answer."""

from __future__ import annotations

from typing import Any

import pytest

from kops_pulumi.bootstrap import cis
from kops_pulumi.bootstrap.cis import Program
from tests.support.nodes import node, planned

GROUPS = {"1.2": 30, "1.3": 7, "1.4": 2, "2": 7, "4.2": 14, "4.3": 1}


def failing(**cluster: Any) -> set[str]:
    return {result.check.id for result in cis.evaluate(node(cluster=cluster)) if not result.passed}


def test_the_checks_are_those_of_the_benchmark() -> None:
    numbers = [check.id for check in cis.CHECKS]
    expected = [f"{section}.{number + 1}" for section, count in GROUPS.items() for number in range(count)]
    assert numbers == expected
    assert len(numbers) == 61


def test_by_default_60_of_61_pass_all_scored_ones_among_them_and_the_rest_has_a_reason() -> None:
    results = cis.evaluate(node())
    assert len(results) == 61
    failed = [result for result in results if not result.passed]
    assert [result.check.id for result in failed] == ["1.2.11"]
    assert all(result.waived and not result.check.scored for result in failed)
    assert [(result.check.id, bool(result.instead)) for result in results if result.instead] == [
        ("1.2.1", True),
        ("4.2.9", True),
    ]


@pytest.mark.parametrize(("group", "count"), [("apis", 45), ("nodes", 14)])
def test_a_group_is_measured_by_what_runs_on_it(group: str, count: int) -> None:
    results = cis.evaluate(node(group))
    assert len(results) == count
    assert all(result.passed or result.waived for result in results)


def test_every_program_is_looked_at() -> None:
    assert {check.program for check in cis.CHECKS} == set(Program)


@pytest.mark.parametrize(
    ("section", "settings", "check"),
    [
        ("kubeAPIServer", {"anonymousAuth": True}, "1.2.1"),
        ("kubeAPIServer", {"authorizationMode": "RBAC"}, "1.2.7"),
        ("kubeAPIServer", {"enableAdmissionPlugins": ["NodeRestriction"]}, "1.2.9"),
        ("kubeAPIServer", {"appendAdmissionPlugins": ["AlwaysAdmit"]}, "1.2.10"),
        ("kubeAPIServer", {"disableAdmissionPlugins": ["ServiceAccount"]}, "1.2.12"),
        ("kubeAPIServer", {"disableAdmissionPlugins": ["NodeRestriction"]}, "1.2.14"),
        ("kubeAPIServer", {"enableProfiling": True}, "1.2.15"),
        ("kubeAPIServer", {"auditLogMaxAge": 7}, "1.2.17"),
        ("kubeAPIServer", {"auditLogMaxBackups": 1}, "1.2.18"),
        ("kubeAPIServer", {"auditLogMaxSize": 10}, "1.2.19"),
        ("kubeAPIServer", {"requestTimeout": "1h"}, "1.2.20"),
        ("kubeAPIServer", {"tlsCipherSuites": ["TLS_RSA_WITH_AES_128_CBC_SHA"]}, "1.2.29"),
        ("kubeControllerManager", {"enableProfiling": True}, "1.3.2"),
        ("kubeControllerManager", {"useServiceAccountCredentials": False}, "1.3.3"),
        ("kubeControllerManager", {"featureGates": {"RotateKubeletServerCertificate": "false"}}, "1.3.6"),
        ("kubeScheduler", {"enableProfiling": True}, "1.4.1"),
        ("kubelet", {"anonymousAuth": True}, "4.2.1"),
        ("kubelet", {"authorizationMode": "AlwaysAllow"}, "4.2.2"),
        ("kubelet", {"readOnlyPort": 10255}, "4.2.4"),
        ("kubelet", {"streamingConnectionIdleTimeout": "0s"}, "4.2.5"),
        ("kubelet", {"rotateCertificates": False}, "4.2.10"),
        ("kubelet", {"seccompDefault": False}, "4.2.14"),
        ("kubeProxy", {"metricsBindAddress": "0.0.0.0:10249"}, "4.3.1"),
    ],
)
def test_whoever_weakens_a_default_is_told_where(section: str, settings: dict[str, Any], check: str) -> None:
    assert check in failing(**{section: settings})
    (key,) = settings
    found = [f for f in planned({section: settings}).findings if f"check {check} " in f.message]
    assert [(finding.path[1], bool(finding.location)) for finding in found] == [(section, True)]
    assert check in ("1.2.9", "1.2.10", "1.2.14") or found[0].path[-1] == key


def test_an_api_that_allows_everything_is_told_so_where_the_manifest_says_it() -> None:
    everything: dict[str, Any] = {"authorization": {"alwaysAllow": {}}}
    assert {"1.2.6", "1.2.7", "1.2.8"} <= failing(**everything)
    paths = {finding.dotted for finding in planned(everything).findings if "CIS" in finding.message}
    assert paths == {"spec.authorization.alwaysAllow"}


def test_secrets_left_in_clear_fail_both_checks() -> None:
    assert {"1.2.27", "1.2.28"} <= failing(encryptionConfig=False)


def test_a_group_that_weakens_its_own_kubelet_is_named() -> None:
    found = planned({}, nodes={"kubelet": {"seccompDefault": False}}).findings
    about = [finding for finding in found if "4.2.14" in finding.message]
    assert [finding.document for finding in about] == ["InstanceGroup/nodes"]


def test_a_manifest_that_weakens_nothing_has_no_such_finding() -> None:
    assert [finding for finding in planned().findings if "CIS" in finding.message] == []
