"""The REST face: JSON, SSE, OpenAPI and the pages, transcoded in process from the same descriptors as gRPC."""

from gateway.faces.rest.server import RestFace

__all__ = ["RestFace"]
