"""The faces: gRPC and REST, both made from the same descriptors, both into the same dispatch chain."""
