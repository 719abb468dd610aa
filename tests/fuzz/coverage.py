"""Fuzzing that follows coverage, of what reads bytes that may be damaged or hostile.

`python -m tests.fuzz.coverage TARGET SECONDS`, where the `fuzz` extra (Atheris) is installed.
A target catches what is documented to be raised; any other exception is a find, and its input is written
into `.fuzz/`, where the corpora stay for the next time.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["goseventh", "storage", "index"]):
    from goseventh import person
    from goseventh.problems import Problem
    from index import outline, segment, signature, tables
    from index.term_log import Slice
    from index.text import searchable
    from storage import pending_format, records
    from storage.pending_format import Group
    from storage.records import Person

from tests import oracle

KEY = bytes(range(16))
LONGEST = 4096
SIGNATURE_HEADER = 28
OUTLINE_HEADER = 416


def record(stored: bytes) -> None:
    """A stored person and the head, as read from the store."""
    records.document(stored)
    try:
        sequence, document = records.verify_person(KEY, stored)
    except records.RecordError:
        return
    assert records.pack_person(KEY, sequence, document) == stored
    try:
        person.read(document)
    except ValueError:
        return


def head(stored: bytes) -> None:
    """The head of the store."""
    try:
        assert records.pack_head(records.unpack_head(stored)) == stored
    except records.RecordError:
        return


def frames(stored: bytes) -> None:
    """The pending log, up to its first damage."""
    end = 0
    for group, after in pending_format.frames(stored):
        packed = pending_format.moved() if group is None else pending_format.pack(group)
        assert stored[end:after] == packed
        end = after


def segments(stored: bytes) -> None:
    """A segment, by its header alone and with every byte checked."""
    view = memoryview(stored)
    try:
        segment.read(view)
        whole = segment.verify(view)
    except segment.SegmentError:
        return
    entries = [(whole.key(place), whole.text(place)) for place in range(len(whole.offsets))]
    assert segment.build(entries) == stored
    header = signature.build([Slice(whole, 0, len(entries))], len(entries))[tables.HEADER]
    assert signature.read(header).entries == len(entries)


def signatures(stored: bytes) -> None:
    """The header of a signature, and what the parts behind it say of where a needle may be."""
    header, common, rows = stored[:SIGNATURE_HEADER], stored[SIGNATURE_HEADER:][:64], stored[-64:]
    try:
        opened = signature.read(header)
    except signature.SignatureError:
        return
    parts = [header, tables.seal(common[: len(common) // 4 * 4])]
    table = tables.Table(header, lambda part: memoryview(parts[part] if part < len(parts) else rows), {})
    for needle in (b"", stored[:1], stored[:3], stored[:12]):
        asked = signature.wanted(needle)
        try:
            left = signature.candidates(opened, asked, table)
        except signature.SignatureError:
            continue
        assert 0 <= left < 1 << opened.blocks


def outlines(stored: bytes) -> None:
    """The header of outlines, and the parts of masks behind it."""
    header, masks = stored[:OUTLINE_HEADER], stored[OUTLINE_HEADER:]
    parts = [header, masks[: len(masks) // 8 * 8]]
    try:
        opened = outline.Outlines(parts[0], lambda part: parts[part] if part < len(parts) else b"")
        for length in range(outline.LONGEST + 1):
            begin, end = opened.between(length, length)
            for at, found in opened.masks(begin, end):
                assert begin <= at < at + len(found) <= end
    except outline.OutlineError:
        return


def validation(body: bytes) -> None:
    """A request's body: whoever is taken is who the contract would take."""
    try:
        prepared = person.prepare(body)
    except Problem:
        return
    wanted = oracle.judge(body)
    assert isinstance(wanted, dict)
    assert prepared.nickname == wanted["apelido"].encode()
    document = b"%b%b%b" % (prepared.before, b"1", prepared.after)
    assert person.read(document) == (prepared.nickname, prepared.text)


def _samples() -> dict[str, tuple[Callable[[bytes], None], list[bytes]]]:
    """Target → what it is, and whole inputs to begin with."""
    body = b'{"apelido":"ana","nome":"Ana","nascimento":"2000-10-01","stack":["C#",null],"x":[{}]}'
    document = b'{"id":"1","apelido":"ana","nome":"Ana","nascimento":"2000-10-01","stack":null}'
    entry = (KEY, searchable(["ana", "Ana Barbosa"]))
    built = segment.build([entry, entry])
    whole = [Slice(segment.read(memoryview(built)), 0, 2)]
    signed = signature.build(whole, 2)
    group = Group(1, 2, 3, [Person(KEY, b"ana", document, entry[1])])
    return {
        "record": (record, [records.pack_person(KEY, 1, document)]),
        "head": (head, [records.pack_head(records.Head(1, 2))]),
        "frames": (frames, [pending_format.pack(group), pending_format.moved()]),
        "segment": (segments, [built]),
        "signature": (signatures, [b"".join(signed)]),
        "outline": (outlines, [b"".join(outline.build(whole, 2))]),
        "validation": (validation, [body, body.replace(b",null", b"")]),
    }


def main() -> None:
    """Fuzzes one target for a bounded time; libFuzzer ends the process."""
    target, samples = _samples()[sys.argv[1]]
    corpus = Path(".fuzz") / sys.argv[1]
    corpus.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(samples):
        (corpus / str(number)).write_bytes(sample)
    seconds = int(sys.argv[2])
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-artifact_prefix=.fuzz/"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
