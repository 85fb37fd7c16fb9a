"""A service: plan, preview, decide, update, by the Automation API."""

from pathlib import Path

from kops_pulumi import ChangeReport, ClusterStack, KopsError, ManifestError, load
from kops_pulumi.automation.render import markdown
from kops_pulumi.automation.report import Action


def bring_up_to_date(manifest: Path, state: Path) -> ChangeReport:
    planned = load(manifest, overlays=[manifest.with_suffix(".prod.yaml")], force=False)
    stack = ClusterStack.of(planned, state=state)
    report = stack.preview(refresh=True)
    return report if grave(report) else stack.up()


def grave(report: ChangeReport) -> bool:
    return report.count(Action.REPLACE, Action.DELETE) > 0


def comment(report: ChangeReport) -> str:
    return markdown(report)


def lines_of(manifest: Path) -> list[int]:
    try:
        load(str(manifest))
    except ManifestError as error:
        return [finding.location.line for finding in error.findings if finding.location]
    except KopsError as error:
        raise SystemExit(int(error.exit_code)) from error
    return []
