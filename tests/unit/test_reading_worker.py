"""The boundary to the reading worker: crashes, hangs, hostile content, limits."""

from __future__ import annotations

import http.server
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from spatial.errors import (
    IncompleteSourceError,
    LayerChoiceError,
    MalformedSourceError,
    SourceTooLargeError,
    UnsupportedFormatError,
    WorkerCrashedError,
    WorkerMemoryError,
    WorkerRefusedError,
    WorkerTimeoutError,
)
from spatial.reading import read
from spatial.reading.boundary import Job, Limits, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = (
    b'<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><MultiGeometry><Model/></MultiGeometry></Placemark></kml>'
)


def job(data: bytes, driver: str, suffix: str, **options: str) -> Job:
    name = f"source{suffix}"
    return Job(
        source_name=f"site{suffix}",
        format=suffix[1:],
        drivers=(driver,),
        members={name: data},
        open=name,
        **options,  # type: ignore[arg-type]
    )


def geojson(count: int) -> bytes:
    one = '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[117,49]}}'
    return ('{"type":"FeatureCollection","features":[' + ",".join([one] * count) + "]}").encode()


@pytest.fixture
def address() -> Iterator[tuple[str, list[str]]]:
    """An HTTP server on this machine that remembers who asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def vrt(source: str) -> bytes:
    return (
        '<OGRVRTDataSource><OGRVRTLayer name="a">'
        f"<SrcDataSource>{source}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


def test_a_crash_of_the_parser_is_an_error_that_names_the_file() -> None:
    with pytest.raises(WorkerCrashedError, match=r"site\.kml: the parser died on it .* repair or save it again"):
        run(job(MODEL, "LIBKML", ".kml"))


def test_the_file_that_crashes_gdal_is_read_here_and_its_model_listed(tmp_path: Path) -> None:
    path = tmp_path / "site.kml"
    path.write_bytes(MODEL)
    assert [one.problem.code for one in read(path).unreadable] == ["model_geometry"]


def test_only_the_drivers_named_look_at_the_bytes(address: tuple[str, list[str]]) -> None:
    url, asked = address
    for content in (vrt(f"/vsicurl/{url}/a.geojson"), geojson(1)):
        with pytest.raises(WorkerRefusedError, match="not recognized"):
            run(job(content, "FlatGeobuf", ".fgb"))
    assert asked == []


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".gml", ".kml", ".vrt"])
def test_a_virtual_format_is_refused_under_every_name(
    tmp_path: Path, address: tuple[str, list[str]], suffix: str
) -> None:
    path = tmp_path / f"site{suffix}"
    path.write_bytes(vrt(f"/vsicurl/{address[0]}/a.geojson"))
    with pytest.raises(UnsupportedFormatError, match="no format that is read here"):
        read(path)
    assert address[1] == []


def test_a_virtual_format_does_not_reach_out_even_where_its_driver_is_allowed(address: tuple[str, list[str]]) -> None:
    with pytest.raises((WorkerRefusedError, WorkerCrashedError)):
        run(job(vrt(f"/vsicurl/{address[0]}/a.geojson"), "OGR_VRT", ".vrt"))
    assert address[1] == []


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml><name>&a;</name></kml>',
        '<!DOCTYPE kml [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><kml><name>&b;</name></kml>',
    ],
)
def test_entities_are_refused_before_any_parser_meets_them(tmp_path: Path, content: str) -> None:
    path = tmp_path / "site.kml"
    path.write_text(content)
    with pytest.raises(MalformedSourceError, match="declares entities"):
        read(path)
    path.write_text(content, encoding="utf-16")
    with pytest.raises(MalformedSourceError, match="declares entities"):
        read(path)


def test_a_worker_that_hangs_is_ended() -> None:
    sleeper = (sys.executable, "-I", "-c", "import time; time.sleep(60)")
    with pytest.raises(WorkerTimeoutError, match="longer than 1 s"):
        run(job(b"x", "GPKG", ".gpkg"), limits=Limits(seconds=1), program=sleeper)


def test_a_worker_that_talks_too_much_is_ended() -> None:
    talker = (sys.executable, "-I", "-c", "import sys\nwhile True: sys.stdout.buffer.write(bytes(1 << 20))")
    with pytest.raises(SourceTooLargeError, match="unpacks to more than 1000 bytes"):
        run(job(b"x", "GPKG", ".gpkg"), limits=Limits(output_bytes=1000), program=talker)


@pytest.mark.parametrize("words", ["", "E\\0\\0\\0\\0\\0\\0\\0\\x09", "L\\0\\0\\0\\0\\0\\0\\0\\x02{}"])
def test_an_answer_that_does_not_end_is_no_answer(words: str) -> None:
    program = (sys.executable, "-I", "-c", f"import sys; sys.stdout.buffer.write(b'{words}')")
    with pytest.raises(WorkerCrashedError):
        run(job(b"x", "GPKG", ".gpkg"), program=program)


def test_features_output_and_input_are_bounded() -> None:
    with pytest.raises(SourceTooLargeError, match="100 features"):
        run(job(geojson(100), "GeoJSON", ".geojson"), limits=Limits(features=99))
    with pytest.raises(SourceTooLargeError, match="more than may be read"):
        run(job(geojson(100), "GeoJSON", ".geojson"), limits=Limits(output_bytes=500))
    with pytest.raises(SourceTooLargeError, match="bytes unpacked"):
        run(job(geojson(100), "GeoJSON", ".geojson"), limits=Limits(input_bytes=500))


@pytest.mark.skipif(sys.platform == "win32", reason="address space cannot be bounded on Windows")
def test_memory_is_bounded() -> None:
    with pytest.raises((WorkerMemoryError, WorkerCrashedError)):
        run(job(geojson(10), "GeoJSON", ".geojson"), limits=Limits(memory_bytes=64 << 20))


def test_a_layer_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(LayerChoiceError, match="there are: source"):
        run(job(geojson(1), "GeoJSON", ".geojson", layer="红线"))


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run(job(geojson(1), "GeoJSON", ".geojson"))
    with pytest.raises(WorkerCrashedError):
        run(job(MODEL, "LIBKML", ".kml"))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_geopackage_is_found_by_sqlite() -> None:
    with pytest.raises(IncompleteSourceError, match="SQLite"):
        run(job(b"SQLite format 3\0" + bytes(4096), "GPKG", ".gpkg"))
