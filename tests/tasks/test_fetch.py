"""Downloads from a local server that breaks off, lies and refuses as real ones do."""

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from harness.errors import InputError
from harness.tasks import sources
from harness.tasks.fetch import fetch, missing
from harness.tasks.sources import Source

CONTENT = bytes(range(256)) * 4000


class Server(ThreadingHTTPServer):
    """Serves `files`; breaks off after half of what is left as often as `breaks` says; knows ranges."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.breaks = 0
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name, wanted = self.path.lstrip("/"), self.headers.get("Range")
        self.server.asked.append((name, wanted))
        if name not in self.server.files:
            self.send_error(404)
            return
        content, first = self.server.files[name], 0
        if wanted and self.server.ranges:
            first = int(wanted.removeprefix("bytes=").rstrip("-"))
            if first >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        rest = content[first:]
        if self.server.breaks:
            self.server.breaks -= 1
            rest = rest[: len(rest) // 2]
        self.wfile.write(rest)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def source(server: Server, name: str = "big.bin", content: bytes = CONTENT, **options: object) -> Source:
    server.files[name] = content
    return Source(server.url(name), f"sub/{name}", hashlib.sha256(content).hexdigest(), **options)  # type: ignore[arg-type]


def bring(wanted: Source, folder: Path) -> list[tuple[str, int, int | None]]:
    told: list[tuple[str, int, int | None]] = []
    fetch(wanted, folder, lambda *step: told.append(step), pause_s=0.01)
    return told


def test_a_file_comes_whole_with_progress_and_once(server: Server, tmp_path: Path) -> None:
    wanted = source(server)
    assert missing(wanted, tmp_path) == [tmp_path / "sub" / "big.bin"]
    told = bring(wanted, tmp_path)
    assert (tmp_path / "sub" / "big.bin").read_bytes() == CONTENT
    assert told[-1] == ("big.bin", len(CONTENT), len(CONTENT)) and len(told) > 2
    assert missing(wanted, tmp_path) == [] and bring(wanted, tmp_path) == []
    assert len(server.asked) == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on(server: Server, tmp_path: Path, ranges: bool) -> None:
    wanted, server.breaks, server.ranges = source(server), 2, ranges
    bring(wanted, tmp_path)
    assert (tmp_path / "sub" / "big.bin").read_bytes() == CONTENT
    half = len(CONTENT) // 2
    assert [asked for _, asked in server.asked][:2] == [None, f"bytes={half}-"]


def test_what_came_is_kept_for_the_next_call(server: Server, tmp_path: Path) -> None:
    wanted, server.breaks = source(server), 4
    with pytest.raises(InputError, match=r"broke off after .* what came is kept, try again later"):
        bring(wanted, tmp_path)
    bring(wanted, tmp_path)
    assert (tmp_path / "sub" / "big.bin").read_bytes() == CONTENT
    assert server.asked[4][1] == f"bytes={len(CONTENT) * 15 // 16}-"


def test_a_part_of_another_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    wanted = source(server)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "big.bin.part").write_bytes(b"x" * (len(CONTENT) + 1))
    bring(wanted, tmp_path)
    assert (tmp_path / "sub" / "big.bin").read_bytes() == CONTENT


def test_a_changed_file_is_refused_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    wanted = source(server)
    server.files["big.bin"] = CONTENT[:-1] + b"!"
    with pytest.raises(InputError, match=r"hashes to \w{64} and must to \w{64}"):
        bring(wanted, tmp_path)
    assert list((tmp_path / "sub").iterdir()) == []


def test_refusals_name_the_address(server: Server, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot fetch http://127.*/gone: the server answers 404"):
        bring(Source(server.url("gone"), "gone"), tmp_path)
    with pytest.raises(InputError, match=r"cannot fetch http://127\.0\.0\.1:1/x: .*refused"):
        bring(Source("http://127.0.0.1:1/x", "x"), tmp_path)


def test_label_files_bring_what_they_list(server: Server, tmp_path: Path) -> None:
    labels = b"a.bin,12,3\nb c.bin,12,1\n"
    wanted = source(server, "y_labels.csv", labels, lists_files=True)
    server.files |= {"a.bin": b"1", "b%20c.bin": b"2"}
    bring(wanted, tmp_path)
    assert (tmp_path / "sub" / "b c.bin").read_bytes() == b"2"
    (tmp_path / "sub" / "a.bin").unlink()
    assert missing(wanted, tmp_path) == [tmp_path / "sub" / "a.bin"]
    server.files["y_labels.csv"] = b"../../etc/x,12,3\n"
    with pytest.raises(InputError, match=r"names '\.\./\.\./etc/x'"):
        bring(Source(server.url("y_labels.csv"), "other/y_labels.csv", lists_files=True), tmp_path)


def archives() -> dict[str, bytes]:
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("inner/one.txt", "1")
    with tarfile.open(fileobj=tarred, mode="w:gz") as archive:
        entry = tarfile.TarInfo("inner/one.txt")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"1"))
    return {"zip": zipped.getvalue(), "tar.gz": tarred.getvalue()}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_archives_are_unpacked_and_removed(server: Server, tmp_path: Path, kind: str) -> None:
    wanted = source(server, f"all.{kind}", archives()[kind], unpacks_to="inner")
    bring(wanted, tmp_path)
    assert (tmp_path / "inner" / "one.txt").read_text() == "1"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inner", "one.txt", "sub"]
    assert missing(wanted, tmp_path) == [] and bring(wanted, tmp_path) == []


def test_bare_archives_get_a_folder_and_sizes_are_checked(server: Server, tmp_path: Path) -> None:
    content = archives()["tar.gz"]
    server.files["all.tar.gz"] = content
    wanted = Source(
        server.url("all.tar.gz"), "all.tar.gz", None, len(content) + 1, unpacks_to="made", bare=True
    )
    with pytest.raises(InputError, match=rf"has {len(content):,} bytes and must have {len(content) + 1:,}"):
        bring(wanted, tmp_path)
    bring(replace(wanted, size_bytes=len(content)), tmp_path)
    assert (tmp_path / "made" / "inner" / "one.txt").read_text() == "1"


def test_an_archive_of_something_else_is_refused(server: Server, tmp_path: Path) -> None:
    for content in (archives()["zip"], b"no archive"):
        wanted = source(server, "all.zip", content, unpacks_to="outer")
        with pytest.raises(InputError, match="does not hold outer/"):
            bring(wanted, tmp_path)
    assert not (tmp_path / "outer").exists()


def test_the_command_fetches_and_checks(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files |= {"y_labels.csv": b"a.bin,2,1\n", "a.bin": bytes(27_648)}
    wanted = Source(server.url("y_labels.csv"), "vww01/y_labels.csv", lists_files=True)
    monkeypatch.setitem(sources.SOURCES, "vww", (wanted,))
    runner = CliRunner()
    fetched = runner.invoke(cli, ["data", "fetch", "vww", "--data-dir", str(tmp_path)])
    assert fetched.exit_code == 0, fetched.output
    assert "vww01/y_labels.csv: fetched" in fetched.output
    checked = runner.invoke(cli, ["data", "check", "vww", "--data-dir", str(tmp_path)])
    assert checked.exit_code == 0, checked.output
    assert "official" in checked.output and "not fetched" not in checked.output
    (tmp_path / "vww01" / "a.bin").unlink()
    checked = runner.invoke(cli, ["data", "check", "vww", "--data-dir", str(tmp_path)])
    assert checked.exit_code == 2
    assert "not fetched: vww01/y_labels.csv (1 missing)" in checked.output


def test_tasks_without_sources_and_folders_are_refused() -> None:
    runner = CliRunner(env={"HARNESS_DATA_DIR": ""})
    assert "has no data to fetch" in runner.invoke(cli, ["data", "fetch", "digits", "--data-dir", "x"]).output
    assert "give --data-dir" in runner.invoke(cli, ["data", "fetch", "kws"]).output


def test_every_pinned_model_is_the_one_at_hand(shared_data: Path) -> None:
    from harness.tasks.fetch import sha256_of

    pinned = [
        found for task in sources.SOURCES.values() for found in task if found.path.startswith("models/")
    ]
    assert len(pinned) == 6
    for found in pinned:
        path = shared_data / found.path
        assert (sha256_of(path), path.stat().st_size) == (found.sha256, found.size_bytes)
