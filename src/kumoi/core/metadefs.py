"""Metadata definitions: the words that properties of images, flavors and volumes are described by, for people and
programs that choose among them. Nothing in the cloud acts on one."""

from typing import Final, Literal

import msgspec

from kumoi.core.ids import MetadefEntryId, MetadefNamespaceId, ProjectId

MetadefVisibility = Literal["public", "private"]
EntryKind = Literal["object", "property", "tag", "resource_type"]

# What may be described; a namespace may name others.
RESOURCE_TYPES: Final = (
    "OS::Cinder::Volume",
    "OS::Glance::Image",
    "OS::Nova::Aggregate",
    "OS::Nova::Flavor",
    "OS::Nova::Server",
)


class MetadefNamespace(msgspec.Struct, frozen=True, kw_only=True):
    """A drawer of definitions, known by its `name`."""

    id: MetadefNamespaceId
    project_id: ProjectId
    name: str
    display_name: str = ""
    description: str = ""
    visibility: MetadefVisibility = "private"
    protected: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0


class MetadefEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One definition, known by its kind and name. `body`: the rest of it, a JSON object's text."""

    id: MetadefEntryId
    namespace_id: MetadefNamespaceId
    kind: EntryKind
    name: str
    body: str = "{}"
    created_at: float = 0.0
    updated_at: float = 0.0
