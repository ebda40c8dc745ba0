"""Strong lists and tables go all the way: one clip a segment, and what the rows said in the manifest."""

from __future__ import annotations

import json

from support.bench import Bench


async def test_a_strong_list_and_captions_become_clips_that_know_them(bench: Bench) -> None:
    strong, captions = bench.folder / "strong.tsv", bench.folder / "captions.csv"
    strong.write_text(
        "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
        "Video00001A_1000\t0.000\t1.500\t/m/0bt9lr\n"
        "Video00001A_1000\t2.000\t3.250\t/m/04rlf\n"
        "Video00001A_1000\t0.000\t1.500\t/m/0bt9lr\n"
        "Video00001A_1000\t9.000\t10.500\t/m/04rlf\n"
    )
    captions.write_text(
        "audiocap_id,youtube_id,start_time,caption\n"
        "1,Video00002A,0,A dog\n2,Video00003A,0,Rain\n3,Video00002A,0,It barks\n"
    )
    ended = await bench.command("run", str(strong), str(captions), "--json")
    assert ended.code == 0, ended.stderr
    told = ended.json()
    assert (told["segments"], told["stored"], told["rejected_rows"], told["repeated_rows"]) == (3, 3, 1, 1)
    lines = [json.loads(line) for line in (bench.out / "manifest.jsonl").read_text().splitlines()]
    by_id = {line["ytid"]: line for line in lines}
    assert (by_id["Video00001A"]["start"], by_id["Video00001A"]["end"]) == (1, 11)
    assert json.loads(by_id["Video00001A"]["events"]) == [[0.0, 1.5, "/m/0bt9lr"], [2.0, 3.25, "/m/04rlf"]]
    assert by_id["Video00002A"]["caption"] == ["A dog", "It barks"]
    assert by_id["Video00003A"]["caption"] == "Rain"

    again = await bench.command("run", str(strong), str(captions), "--json")
    assert again.json()["requests"] == 0
    assert [again.json()[name] for name in ("segments", "rejected_rows", "repeated_rows")] == [3, 1, 1]
