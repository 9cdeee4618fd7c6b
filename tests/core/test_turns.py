from __future__ import annotations

from pathlib import Path

from synth_local.core.turns import take_turn


def test_one_at_a_time_has_its_turn_and_a_stop_ends_the_wait(tmp_path: Path) -> None:
    path = tmp_path / "turn"
    asked: list[int] = []

    def stop_at_second() -> bool:
        asked.append(1)
        return len(asked) == 2

    with take_turn(path, lambda: False):
        with take_turn(path, stop_at_second):
            pass
        assert len(asked) == 2  # it waited until it was told to stop
    with take_turn(path, lambda: False):
        pass
    with take_turn(None, lambda: False), take_turn(None, lambda: False):
        pass
