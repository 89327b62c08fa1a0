"""Objects that were compiled before, kept by the content of all that went into them.

Kernels, protocol and start-up are the same in every image for a core; only what is generated differs.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.config.paths import cache_dir, ensure_writable

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+)"', re.MULTILINE)


def get_object(
    command: Iterable[str],
    sources: list[Path],
    includes: list[Path],
    target: Path,
    compile_to: Callable[[Path], None],
) -> None:
    """Put the object of `sources` at `target`: the one kept of an earlier build, or what `compile_to` makes.

    Args:
        command: What decides the object besides the sources: compiler, version and options.
        sources: C or assembly files.
        includes: Folders of headers, in the order searched.
        target: Where the object belongs.
        compile_to: Compiles the sources into the file given.

    Raises:
        BuildError: From `compile_to`.
        InputError: The cache folder cannot be written.
    """
    kept = cache_dir() / "objects" / f"{_key(command, sources, includes)}.o"
    if not kept.exists():
        compile_to(target)
        with tempfile.NamedTemporaryFile(dir=ensure_writable(kept.parent), delete=False) as draft:
            draft.write(target.read_bytes())
        os.replace(draft.name, kept)  # whole or not at all: others build too
    else:
        shutil.copyfile(kept, target)


def _key(command: Iterable[str], sources: list[Path], includes: list[Path]) -> str:
    """SHA-256 of the command, and of name and content of the sources and every header they may read.

    Debugging information names the sources, so their folders count; those of headers do not, since generated ones lie
    in another folder at each build.
    """
    digest = hashlib.sha256("\0".join(command).encode())
    for source in sources:
        digest.update(str(source).encode() + b"\0" + source.read_bytes())
    for header in sorted(_headers(sources, includes), key=lambda path: (path.name, path.read_bytes())):
        digest.update(header.name.encode() + b"\0" + header.read_bytes())
    return digest.hexdigest()


def _headers(sources: list[Path], includes: list[Path]) -> set[Path]:
    """All headers that `sources` include, and those that these include, whatever the preprocessor's conditions."""
    found: set[Path] = set()
    waiting = list(sources)
    while waiting:
        file = waiting.pop()
        for name in _INCLUDE.findall(file.read_bytes()):
            places = (folder / name.decode() for folder in (file.parent, *includes))
            header = next((place for place in places if place.is_file()), None)
            if header is not None and header not in found:
                found.add(header)
                waiting.append(header)
    return found
