"""Generate the Python code and the descriptor set from the contract, or lint the contract (`--lint`).

Run by `make proto` and `make check`; a test runs `generate` into a temporary folder and compares.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
GOOGLE = ("google/api/annotations.proto", "google/api/http.proto", "google/api/httpbody.proto")


def google_protos() -> Path:
    """Folder of the googleapis .proto files that ship with googleapis-common-protos."""
    from google.api import annotations_pb2  # noqa: PLC0415

    return Path(annotations_pb2.__file__).parents[2]


def generate(python_out: Path, descriptor_out: Path) -> None:
    """Write `kassenwart/v1/*_pb2.py(i)` below `python_out` and the descriptor set, comments included."""
    import grpc_tools  # noqa: PLC0415 - a development dependency
    from grpc_tools import protoc  # noqa: PLC0415

    python_out.mkdir(parents=True, exist_ok=True)
    descriptor_out.parent.mkdir(parents=True, exist_ok=True)
    includes = [PROTO, Path(grpc_tools.__file__).parent / "_proto", google_protos()]
    files = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    arguments = [
        "protoc",
        *(f"-I{folder}" for folder in includes),
        f"--python_out={python_out}",
        f"--pyi_out={python_out}",
        f"--descriptor_set_out={descriptor_out}",
        "--include_source_info",
        "--include_imports",
        *files,
    ]
    if protoc.main(arguments) != 0:
        sys.exit("protoc refused the contract")
    strip_foreign_comments(descriptor_out)
    write_package(python_out / "kassenwart" / "v1", descriptor_out)


def write_package(folder: Path, descriptor: Path) -> None:
    """Write `kassenwart/v1/__init__.py`, which hands on every message and enum."""
    from google.protobuf import descriptor_pb2  # noqa: PLC0415

    descriptors = descriptor_pb2.FileDescriptorSet.FromString(descriptor.read_bytes())
    lines, names = [], []
    for file in descriptors.file:
        found = sorted(item.name for item in (*file.message_type, *file.enum_type))
        if file.name.startswith("kassenwart/v1/") and found:
            names += found
            module = file.name.removesuffix(".proto").replace("/", ".") + "_pb2"
            lines += [f"from {module} import {name}" for name in found]
    public = "".join(f'    "{name}",\n' for name in sorted(names))
    text = '"""The messages and enums of the contract. Made by proto/generate.py."""\n\n'
    text += "\n".join(sorted(lines)) + f"\n\n__all__ = [\n{public}]\n"
    (folder / "__init__.py").write_text(text, encoding="utf-8")


def strip_foreign_comments(path: Path) -> None:
    """Drop the source info of imported files: only our own comments are documentation."""
    from google.protobuf import descriptor_pb2  # noqa: PLC0415

    descriptors = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
    for file in descriptors.file:
        if file.name.startswith("kassenwart/"):
            kept = [place for place in file.source_code_info.location if place.leading_comments]
            for place in kept:
                place.ClearField("span")
                place.span.extend([0, 0, 0])
            del file.source_code_info.location[:]
            file.source_code_info.location.extend(kept)
        else:
            file.ClearField("source_code_info")
    path.write_bytes(descriptors.SerializeToString(deterministic=True))


def lint() -> int:
    """Run `buf lint` with the googleapis files beside ours, without the network; returns its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(PROTO / "kassenwart", work / "proto" / "kassenwart")
        for name in GOOGLE:
            (work / "google" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(google_protos() / name, work / "google" / name)
        rules = (PROTO / "buf.yaml").read_text(encoding="utf-8")
        rules = rules.replace("  - path: .\n", "  - path: proto\n  - path: google\n    lint: {ignore: [google]}\n")
        (work / "buf.yaml").write_text(rules, encoding="utf-8")
        buf = shutil.which("buf", path=str(Path(sys.executable).parent)) or "buf"
        return subprocess.run([buf, "lint", str(work)], check=False).returncode


if __name__ == "__main__":
    if "--lint" in sys.argv:
        sys.exit(lint())
    generate(ROOT / "clients" / "python" / "src", ROOT / "gateway" / "contract" / "kassenwart.pb")
