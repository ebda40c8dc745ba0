"""The length that an MP3 file states about itself, made exact.

MP3 holds whole frames only; the Info tag in the first frame says how many samples at both ends are filling.
Where ffmpeg's last frame is all filling (4 % of lengths: 1 to 46 samples short of a full frame), its tag
counts that frame alone, and every decoder gives up to 46 samples too many. The number of frames and the delay
are right, so the filling at the end follows from the length that was encoded.
"""

from __future__ import annotations

HEAD_BYTES = 4096
_FRAMES_AT = 8
_DELAYS_AT = 141
_CRC_AT = 154
_MPEG1 = 0x08
_TAG_WITHIN = 64


def with_exact_length(head: bytes, samples: int) -> bytes:
    """Correct the filling in ``head``, the first 4 KiB of a file that holds ``samples`` per channel.

    Returns ``head`` itself where it holds no tag, or a filling that does not fit into its 12 bits.
    """
    start = _first_frame(head)
    tag = max(head.find(name, start, start + _TAG_WITHIN) for name in (b"Info", b"Xing"))
    if tag < 0 or len(head) < tag + _CRC_AT + 2:
        return head
    per_frame = 1152 if head[start + 1] & _MPEG1 else 576
    delay = _number(head, tag + _DELAYS_AT, 3) >> 12
    filling = _number(head, tag + _FRAMES_AT, 4) * per_frame - delay - samples
    if not 0 <= filling < 1 << 12:
        return head
    fixed = bytearray(head)
    fixed[tag + _DELAYS_AT : tag + _DELAYS_AT + 3] = (delay << 12 | filling).to_bytes(3, "big")
    fixed[tag + _CRC_AT : tag + _CRC_AT + 2] = _crc16(fixed[start : tag + _CRC_AT]).to_bytes(2, "big")
    return bytes(fixed)


def _first_frame(head: bytes) -> int:
    """Skip an ID3v2 block, whose size has 7 bits in each of 4 bytes."""
    if head[:3] != b"ID3":
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte
    return 10 + size


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "big")


def _crc16(data: bytes | bytearray) -> int:
    """CRC-16 with polynomial 0x8005, reflected, from 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
