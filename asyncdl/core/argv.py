"""Command lines of ffmpeg, as lists; nothing of them comes from the network but numbers.

A media file may be a playlist that names other files: the demuxer is forced, only media formats and local
files are allowed, and every path is ``file:`` with an absolute path. ``level+verbose`` makes ffmpeg tell the
decoded rate and the counts (``core.ffmpeg_report``) and mark each line with its severity.
"""

from __future__ import annotations

from asyncdl.core.cutting import Cut, sound_format
from asyncdl.core.model import AudioFormat, ClipSpec, Container, Fetched, Span, Track

MAX_FPS = 60
MEMORY_BYTES = 2 << 30
# Left alone, filters take a thread per core, and each thread 64 MB of address space.
_ONE_THREAD = ("-filter_threads", "1", "-filter_complex_threads", "1")
# What each ffmpeg is told first.
FRONT = ("-nostdin", "-hide_banner", "-v", "level+verbose", "-y", *_ONE_THREAD)
_MEDIA = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
_CLIPS = "mov,mp4,m4a,3gp,3g2,mj2,ogg,mp3"
_DEMUXER = {Container.MP4: "mov", Container.WEBM: "matroska"}
_CLIP_DEMUXER = {"mp4": "mov", "m4a": "mov", "opus": "ogg", "mp3": "mp3"}
_ENCODER = {
    # The FLAC encoder takes its block size from the first frame and refuses less than 16 samples.
    AudioFormat.FLAC: ("-c:a", "flac", "-frame_size", "4096"),
    AudioFormat.WAV: ("-c:a", "pcm_s16le"),
    AudioFormat.OPUS: ("-c:a", "libopus"),
    AudioFormat.M4A: ("-c:a", "aac"),
    AudioFormat.MP3: ("-c:a", "libmp3lame"),
}
_MUXER = {"flac": "flac", "wav": "wav", "opus": "opus", "m4a": "ipod", "mp3": "mp3", "mp4": "mp4"}
# PCM has no frames of its own: packets of 20 ms would each go through three threads.
_WAV_BLOCKS = "asetnsamples=n=16384:p=0"
_PICTURE = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
_SOUND_BYTES_PER_SAMPLE = 4 * 8
_SHORTEST_PICTURE_S = 0.1
_PICTURE_BYTES_PER_S = 8_000_000
_HEADERS = 1 << 20
_MEMORY_LINES = 2160
_USUAL_LINES = 1080
_WIDEST = 8


def cut_argv(
    ffmpeg: str, cut: Cut, span: Span, spec: ClipSpec, fetched: Fetched, out: str, *, pad: bool
) -> list[str]:
    """Decode, cut and encode ``fetched`` to ``out`` (absolute); ``pad`` fills up with silence at the end."""
    return [
        ffmpeg,
        *FRONT,
        *_inputs(spec, fetched),
        *_streams(cut, span, spec, fetched, pad=pad),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-threads", "1"),
        *_encoding(spec),
        *("-fs", str(most_bytes(cut, span, spec))),
        *("-f", _MUXER[spec.extension], f"file:{out}"),
    ]


def most_bytes(cut: Cut, span: Span, spec: ClipSpec) -> int:
    """Bound the output where no honest one ends; ffmpeg stops there."""
    picture = _PICTURE_BYTES_PER_S * span.duration_ms // 1000 if spec.video else 0
    return cut.wanted * _SOUND_BYTES_PER_SAMPLE + picture + _HEADERS


def most_memory_bytes(spec: ClipSpec) -> int:
    """Bound the address space of an ffmpeg that makes or reads such a clip.

    Sound takes 0.4 GB at most, a picture of 2160 lines 1.6 GB and one of 4320 lines 3.7 GB (measured).
    """
    lines = spec.max_height if spec.video else 0
    return MEMORY_BYTES * max(_MEMORY_LINES, lines) ** 2 // _MEMORY_LINES**2


def check_argv(ffmpeg: str, path: str, extension: str) -> list[str]:
    """Decode a finished clip (absolute path) whole and tell its sample count, channels and peaks."""
    picture = ("-map", "0:v:0") if extension == "mp4" else ()
    statistics = (
        "aformat=sample_fmts=s16,astats=measure_perchannel=Peak_level:measure_overall=Number_of_samples"
    )
    return [
        ffmpeg,
        *FRONT,
        *_input(path, _CLIP_DEMUXER[extension], _CLIPS),
        *("-map", "0:a:0", *picture, "-af", statistics, "-threads", "1", "-f", "null", "-"),
    ]


def decode_argv(ffmpeg: str, path: str, extension: str, out: str) -> list[str]:
    """Decode the sound of a finished clip (absolute path) to bare 32-bit float samples in ``out``."""
    return [
        ffmpeg,
        *FRONT,
        *_input(path, _CLIP_DEMUXER[extension], _CLIPS),
        *("-map", "0:a:0", "-threads", "1", "-f", "f32le", "-c:a", "pcm_f32le", f"file:{out}"),
    ]


def aac_argv(ffmpeg: str, path: str, out: str) -> list[str]:
    """Encode a WAV file of ours to AAC in ``out`` (both absolute); nothing in it tells of time or version."""
    return [
        ffmpeg,
        *FRONT,
        *_input(path, "wav", "wav"),
        *("-map", "0:a:0", "-map_metadata", "-1", "-threads", "1"),
        *(*_ENCODER[AudioFormat.M4A], "-fflags", "+bitexact", "-flags:a", "+bitexact"),
        *("-f", _MUXER["m4a"], f"file:{out}"),
    ]


def _inputs(spec: ClipSpec, fetched: Fetched) -> list[str]:
    tracks = (fetched.audio, fetched.video) if spec.video else (fetched.audio,)
    bound = ["-max_pixels", str(_most_pixels(spec))] if spec.video else []
    return [
        word
        for track in tracks
        if track
        for word in (*bound, *_input(track.path, _DEMUXER[track.container], _MEDIA))
    ]


def _most_pixels(spec: ClipSpec) -> int:
    """Bound a picture that claims far more lines than were chosen: decoding it takes seconds a frame."""
    return _WIDEST * max(spec.max_height, _USUAL_LINES) ** 2


def _input(path: str, demuxer: str, allowed: str) -> list[str]:
    guards = ("-protocol_whitelist", "file", "-format_whitelist", allowed, "-threads", "1")
    return [*guards, "-f", demuxer, "-i", f"file:{path}"]


def _streams(cut: Cut, span: Span, spec: ClipSpec, fetched: Fetched, *, pad: bool) -> list[str]:
    sound = _sound_filters(cut, spec, pad=pad)
    if not (spec.video and fetched.video):
        return ["-map", "0:a:0", "-vn", "-af", sound]
    picture = _picture_filters(span, spec, fetched.video)
    return ["-filter_complex", f"[0:a:0]{sound}[a];[1:v:0]{picture}[v]", "-map", "[v]", "-map", "[a]"]


def _sound_filters(cut: Cut, spec: ClipSpec, *, pad: bool) -> str:
    filters = [
        *([f"adelay=delays={cut.lead}S:all=1"] if cut.lead else []),
        f"atrim=start_sample={cut.first}:end_sample={cut.last}",
        "asetpts=N/SR/TB",
        _form(cut, spec),
        *([f"atrim=start_sample={cut.skip}", "asetpts=N/SR/TB"] if cut.skip else []),
        *([f"apad=whole_len={cut.wanted}"] if pad else []),
        f"atrim=end_sample={cut.wanted}",
        *([_WAV_BLOCKS] if sound_format(spec) is AudioFormat.WAV else []),
    ]
    return ",".join(filters)


def _form(cut: Cut, spec: ClipSpec) -> str:
    """One conversion for rate, channels and sample format: what is the same already stays untouched."""
    lossless = not spec.video and spec.format.is_lossless
    width = ":sample_fmts=s16" if lossless else ""
    mono = ":channel_layouts=mono" if spec.mono else ""
    return f"aformat=sample_rates={cut.clip_rate}{width}{mono}"


def _picture_filters(span: Span, spec: ClipSpec, track: Track) -> str:
    """At a constant frame rate show at each moment what the source showed; the last frame stays to the end.

    ``round=up`` keeps a frame until the next one is due. Times of WebM are rounded to a millisecond, hence
    the millisecond of tolerance.
    """
    shift_s = (track.first_ms - span.start_ms - 1) / 1000
    # Less than half a frame would round to a duration of nothing, which ffmpeg takes for no bound at all.
    length_s = max(span.duration_ms / 1000, _SHORTEST_PICTURE_S)
    return (
        f"setpts=PTS-STARTPTS+({shift_s:.6f})/TB,"
        f"fps=fps='min(source_fps,{MAX_FPS})':start_time=0:round=up,"
        f"tpad=stop_mode=clone:stop_duration={length_s:.3f},trim=duration={length_s:.3f},"
        f"scale=w=-2:h='2*trunc(min({spec.max_height},ih)/2)'"
    )


def _encoding(spec: ClipSpec) -> list[str]:
    rate = ["-b:a", f"{spec.bitrate_kbps}k"] if spec.bitrate_kbps else []
    lossless = not spec.video and spec.format.is_lossless
    picture = [*_PICTURE, "-movflags", "+faststart"] if spec.video else []
    return [*_ENCODER[sound_format(spec)], *([] if lossless else rate), *picture]
