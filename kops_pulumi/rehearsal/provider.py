"""The wire: one package's `Lifecycle` as a Pulumi `ResourceProvider`.

Each method decodes a request, asks the lifecycle, and encodes the answer; faults strike here. Errors that leave the
world as it was use codes the engine takes as "nothing happened"; a crash uses one that means "who knows". The
protocol: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto. This module must not know any
resource type.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from kops_pulumi.rehearsal import wire
from kops_pulumi.rehearsal.differ import Change, Diff
from kops_pulumi.rehearsal.faults import LONGEST_SECONDS, RETRIES, Fault, FaultKind, Operation
from kops_pulumi.rehearsal.kinds import Cloud, LookupFailed
from kops_pulumi.rehearsal.lifecycle import Lifecycle
from kops_pulumi.rehearsal.store import CloudError

_CODES: Final = {
    "EntityAlreadyExists": grpc.StatusCode.ALREADY_EXISTS,
    "DependencyViolation": grpc.StatusCode.FAILED_PRECONDITION,
    "Throttling": grpc.StatusCode.RESOURCE_EXHAUSTED,
}
_CHANGES: Final = {
    (Change.ADD, False): provider_pb2.PropertyDiff.ADD,
    (Change.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (Change.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (Change.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (Change.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (Change.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one package to the engine."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._gives_up_unreachable = False

    # -- the provider itself

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say what we understand: no secrets (the engine keeps track of them), no resource references."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=False, accept_resources=False, accept_outputs=False
        )

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The engine connects to us instead of starting a plug-in."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Pose as the version that the installed SDK asks for."""
        return plugin_pb2.PluginInfo(version=self._lifecycle.sdk.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Python programs bring their types along; the engine needs no more than a name."""
        package = self._lifecycle.package.name
        return provider_pb2.GetSchemaResponse(
            schema=f'{{"name": "{package}", "version": "{self._lifecycle.sdk.version}"}}'
        )

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Every configuration is fine; what matters is looked at in `Configure`."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Another region or cluster means other objects; everything else is in place."""
        changes = self._lifecycle.diff("", _config(request.old_inputs), _config(request.news))
        moved = [key for key in ("region", "project", "cluster", "context") if key in changes.changed]
        return provider_pb2.DiffResponse(changes=_verdict(changes), diffs=changes.changed, replaces=moved)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Note the region; a cloud with regions refuses to start without one."""
        package = self._lifecycle.package
        config = _config(request.args)
        region = config.get("region")
        self._gives_up_unreachable = str(config.get("deleteUnreachable")).lower() == "true"
        if package.needs_region and not region:
            where = f"set it on the provider or as {package.name}:region"
            message = f"invalid {package.name} provider configuration: no region ({where})"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, message)
        account = {"account": config["project"]} if isinstance(config.get("project"), str) else {}
        self._lifecycle.cloud = Cloud(
            region=region if isinstance(region, str) else "",
            partition=_partition(region),
            scope=str(config.get(package.scope) or "") if package.scope else "",
            **account,
        )
        return provider_pb2.ConfigureResponse(
            acceptSecrets=False, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Nothing here takes long enough to be cancelled."""
        return empty_pb2.Empty()

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Refused: components that run inside a provider cannot be rehearsed."""
        return context.abort(
            grpc.StatusCode.UNIMPLEMENTED, f"{request.type} is constructed by its provider; a rehearsal cannot do that"
        )

    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Refused, as `Construct`."""
        return context.abort(
            grpc.StatusCode.UNIMPLEMENTED, f"{request.tok} runs inside its provider; a rehearsal cannot do that"
        )

    # -- resources

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Inputs with names filled in, and what is wrong with them."""
        token, name = _identity(request)
        olds, news = wire.decode(request.olds), wire.decode(request.news)
        inputs, failures = self._lifecycle.check(token, name, olds, news, request.randomSeed)
        return provider_pb2.CheckResponse(
            inputs=wire.encode(inputs),
            failures=[provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in failures],
        )

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """In place, replace, or nothing."""
        token, _ = _identity(request)
        olds, news = wire.decode(request.old_inputs), wire.decode(request.news)
        changes = self._lifecycle.diff(token, olds, news)
        replaces = changes.replaces
        return provider_pb2.DiffResponse(
            changes=_verdict(changes),
            diffs=changes.changed,
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and self._lifecycle.conflicts(token, olds, news),
            hasDetailedDiff=True,
            detailedDiff={
                d.path: provider_pb2.PropertyDiff(kind=_CHANGES[d.change, d.replaces], inputDiff=True)
                for d in changes.differences
            },
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Bring the object into the world; in a preview, imagine it."""
        token, name = _identity(request)
        inputs = wire.decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=wire.encode(self._lifecycle.draft(token, inputs)))
        with _refusals(context):
            fault = self._fault(Operation.CREATE, token, name)
            record = self._lifecycle.create(token, request.urn, name, inputs)
            _after(fault, context, record.id, record.outputs)
            return provider_pb2.CreateResponse(id=record.id, properties=wire.encode(record.outputs))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Change the object in place; in a preview, imagine that."""
        token, name = _identity(request)
        olds, old_inputs, news = (wire.decode(part) for part in (request.olds, request.old_inputs, request.news))
        if request.preview:
            outputs = self._lifecycle.draft_update(token, olds, old_inputs, news)
            return provider_pb2.UpdateResponse(properties=wire.encode(outputs))
        with _refusals(context):
            fault = self._fault(Operation.UPDATE, token, name)
            outputs = self._lifecycle.update(token, request.id, olds, news)
            _after(fault, context, request.id, outputs)
            return provider_pb2.UpdateResponse(properties=wire.encode(outputs))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Remove the object."""
        token, name = _identity(request)
        with _refusals(context):
            try:
                fault = self._fault(Operation.DELETE, token, name)
            except UnreachableError:
                if self._gives_up_unreachable:
                    return empty_pb2.Empty()
                raise
            self._lifecycle.delete(token, request.id)
            _after(fault, context, request.id, {})
        return empty_pb2.Empty()

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The object as it is now; no id when it is gone."""
        token, name = _identity(request)
        if not self._lifecycle.package.stored:
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        with _refusals(context):
            fault = self._fault(Operation.READ, token, name)
            record = self._lifecycle.read(token, request.id)
            _after(fault, context, request.id, {})
        if record is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=record.id, properties=wire.encode(record.outputs), inputs=wire.encode(record.inputs)
        )

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Answer a look-up; a question with unknown parts has an unknown answer."""
        args = wire.decode(request.args)
        try:
            with _refusals(context):
                self._fault(Operation.INVOKE, request.tok, "")
                return provider_pb2.InvokeResponse(**{"return": wire.encode(self._lifecycle.invoke(request.tok, args))})
        except LookupFailed as failure:
            failures = [provider_pb2.CheckFailure(property="", reason=f"{request.tok}: {failure}")]
            return provider_pb2.InvokeResponse(failures=failures)

    def _fault(self, operation: Operation, token: str, name: str) -> Fault | None:
        """The fault that strikes after the work is done, if any; those that strike before raise here."""
        for _attempt in range(RETRIES):
            fault = self._lifecycle.store.take_fault(operation, token, name)
            match fault.kind if fault else None:
                case FaultKind.THROTTLE:
                    continue
                case FaultKind.ERROR if fault:
                    raise CloudError(
                        "InternalFailure", fault.message or f"injected failure of {operation} {token} {name}"
                    )
                case FaultKind.UNREACHABLE if fault:
                    raise UnreachableError(
                        "Unreachable", fault.message or "configured cluster is unreachable (injected)"
                    )
                case FaultKind.SLOW if fault:
                    time.sleep(min(fault.seconds, LONGEST_SECONDS))
                    return None
                case _:
                    return fault
        raise CloudError("Throttling", f"Rate exceeded: {operation} {token} gave up after {RETRIES} attempts")


class UnreachableError(CloudError):
    """Nobody answers."""


def _after(fault: Fault | None, context: grpc.ServicerContext, id_: str, outputs: Any) -> None:
    """Faults that strike once the object is changed."""
    if fault is None:
        return
    if fault.kind is FaultKind.CRASH:
        context.abort(
            grpc.StatusCode.UNKNOWN, fault.message or "the provider crashed before it could answer (injected)"
        )
    reason = fault.message or "the object exists but did not become ready (injected)"
    detail = any_pb2.Any()
    detail.Pack(provider_pb2.ErrorResourceInitFailed(id=id_, properties=wire.encode(outputs), reasons=[reason]))
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, reason)


@contextmanager
def _refusals(context: grpc.ServicerContext) -> Iterator[None]:
    """A refusal of the cloud becomes an error of the call."""
    try:
        yield
    except CloudError as error:
        context.abort(_CODES.get(error.code, grpc.StatusCode.FAILED_PRECONDITION), str(error))


def _identity(request: Any) -> tuple[str, str]:
    """Type token and logical name from a request's URN (`urn:pulumi:stack::project::parent$type::name`)."""
    _, _, rest = request.urn.partition("::")
    _, _, rest = rest.partition("::")
    types, _, name = rest.partition("::")
    return types.rpartition("$")[2], name


def _verdict(changes: Diff) -> Any:
    return provider_pb2.DiffResponse.DIFF_SOME if changes.differences else provider_pb2.DiffResponse.DIFF_NONE


def _config(struct: Any) -> dict[str, Any]:
    return {key: value for key, value in wire.decode(struct).items() if key != "version"}


def _partition(region: Any) -> str:
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((value for prefix, value in prefixes.items() if str(region).startswith(prefix)), "aws")
