"""A recording → one Terraform configuration: `kubernetes.tf.json` and the files under `data/`.

The document is JSON, which Terraform reads like its own language
(https://developer.hashicorp.com/terraform/language/syntax/json): nothing in it depends on how a text is quoted, and it
has the same bytes for the same manifest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from kops_pulumi.errors import KopsError
from kops_pulumi.terraform import objects, outputs, spelling
from kops_pulumi.terraform.dependencies import Dependencies
from kops_pulumi.terraform.providers import Extra, block, required
from kops_pulumi.terraform.references import KEY_ID, References, Source
from kops_pulumi.terraform.resources import Body, Writer, source_of
from kops_pulumi.terraform.texts import Texts
from kops_pulumi.testing import Recording, Registered

DOCUMENT: Final = "kubernetes.tf.json"
_COMMENT: Final = "Written by kops-pulumi from the cluster's manifest: change that, and write this again."
_FILES: Final = frozenset({"aws_s3_object", "google_storage_bucket_object"})
"""Types that the manifest's `filesProviderExtraConfig` is about."""


@dataclass
class Configuration:
    """One cluster's resources on their way into Terraform."""

    recording: Recording
    references: References
    extra: Extra

    def files(self) -> dict[str, bytes]:
        """Everything to write, by path below the output directory."""
        document = self._document()
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        return {DOCUMENT: text.encode(), **dict(sorted(self._texts.files.items()))}

    def _document(self) -> Body:
        resources = self._resources()
        exported = outputs.blocks(self.recording, self._writer)
        providers = self._providers()
        data = self._data()
        declared = {
            name: {"description": text, "sensitive": True, "type": "string"}
            for name, text in self.references.known.variables.items()
        }
        parts: Body = {
            "//": _COMMENT,
            "terraform": required({*resources, *data, *(f"{name}_" for name in providers)}),
            "provider": providers,
            "variable": dict(sorted({**declared, **self._writer.variables}.items())),
            "data": data,
            "output": exported,
            "resource": resources,
        }
        return {key: value for key, value in parts.items() if value}

    @cached_property
    def _twins(self) -> dict[str, tuple[Registered, str, str]]:
        """Terraform type and label of each real resource, by URN."""
        real = [resource for resource in self.recording if resource.custom and not _is_provider(resource)]
        types = {resource.urn: _type_of(resource) for resource in real}
        labels = {
            type_: spelling.labels(r.name for r in real if types[r.urn] == type_)
            for type_ in sorted(set(types.values()))
        }
        return {r.urn: (r, types[r.urn], labels[types[r.urn]][r.name]) for r in real}

    @cached_property
    def _addresses(self) -> Mapping[Source, str]:
        known = {source_of(resource): f"{type_}.{label}" for resource, type_, label in self._twins.values()}
        sources = (look_up.source for look_up in self.references.known.look_ups.values())
        # What Pulumi's engine answers about its own stack is no business of another tool's state.
        look_ups = [source for source in sources if not source.token.startswith("pulumi:")]
        for type_ in sorted({_data_type(source) for source in look_ups}):
            labels = spelling.labels(source.name for source in look_ups if _data_type(source) == type_)
            known |= {s: f"data.{type_}.{labels[s.name]}" for s in look_ups if _data_type(s) == type_}
        return known

    @cached_property
    def _texts(self) -> Texts:
        def address(source: Source) -> str:
            if source not in self._addresses:
                raise KopsError(f"the program refers to {source.token} {source.name}, which it does not make")
            return self._addresses[source]

        return Texts(self.references.known, address)

    @cached_property
    def _writer(self) -> Writer:
        return Writer(self._texts)

    @cached_property
    def _dependencies(self) -> Dependencies:
        return Dependencies.of(self.recording)

    def _resources(self) -> dict[str, dict[str, Body]]:
        found: dict[str, dict[str, Body]] = {}
        for urn, (resource, type_, label) in self._twins.items():
            self._texts.used.clear()
            body = self._body(resource, type_, label)
            used = {self._addresses[source] for source in self._texts.used}
            self._looked_up |= {source for source in self._texts.used if source.data}
            wanted = [self._twins[other] for other in self._dependencies.direct(urn) if other in self._twins]
            after = sorted({f"{t}.{name}" for _, t, name in wanted} - used)
            body |= {"depends_on": after} if after else {}
            body |= self._writer.lifecycle(resource, type_)
            found.setdefault(type_, {})[label] = body
        return {type_: dict(sorted(bodies.items())) for type_, bodies in sorted(found.items())}

    def _body(self, resource: Registered, type_: str, label: str) -> Body:
        if resource.type.startswith("kubernetes:"):
            return objects.body(self._writer, resource, label)
        provider = {"provider": f"{type_.partition('_')[0]}.files"} if type_ in _FILES and self.extra.files else {}
        return {**provider, **self._writer.body(resource, type_, label)}

    def _providers(self) -> Body:
        """One block a provider; a list where files have one of their own."""
        found: Body = {}
        for resource in self.recording:
            if resource.type == objects.PROVIDER:
                found["kubernetes"], found["helm"] = objects.provider(self._writer, resource)
            elif _is_provider(resource):
                name, blocks = block(resource, self._writer, self.extra)
                found[name] = blocks if len(blocks) > 1 else blocks[0]
        self._looked_up |= {source for source in self._texts.used if source.data}
        return dict(sorted(found.items()))

    @cached_property
    def _looked_up(self) -> set[Source]:
        """Look-ups that something refers to."""
        return set()

    def _data(self) -> dict[str, dict[str, Body]]:
        """The look-ups that are referred to, and those that these refer to."""
        found: dict[str, dict[str, Body]] = {}
        waiting, done = set(self._looked_up), set[Source]()
        by_source = {look_up.source: look_up for look_up in self.references.known.look_ups.values()}
        while waiting - done:
            for source in sorted(waiting - done, key=lambda item: (item.token, item.name)):
                type_, label = self._addresses[source].removeprefix("data.").split(".", 1)
                self._texts.used.clear()
                args = by_source[source].args
                plain = source.token == KEY_ID
                write = self._writer.plain(args, label) if plain else self._writer.arguments(args, type_, label)
                found.setdefault(type_, {})[label] = write
                done.add(source)
                waiting |= {other for other in self._texts.used if other.data}
        return {type_: dict(sorted(bodies.items())) for type_, bodies in sorted(found.items())}


def _type_of(resource: Registered) -> str:
    return objects.type_of(resource) if resource.type.startswith("kubernetes:") else spelling.type_of(resource.type)


def _data_type(source: Source) -> str:
    return "external" if source.token == KEY_ID else spelling.type_of(source.token)


def _is_provider(resource: Registered) -> bool:
    return resource.type.startswith("pulumi:providers:")
