"""Layers as any entry names them."""

from kumoi.core.disks import LayerRef
from kumoi.core.images import Layer


def layer_ref(layer: Layer) -> LayerRef:
    return LayerRef(
        id=layer.id,
        sha256=layer.sha256,
        format=layer.format,
        size_bytes=layer.size_bytes,
        virtual_bytes=layer.virtual_bytes,
    )
