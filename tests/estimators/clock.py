"""Time that tests can rely on."""

from __future__ import annotations

from typing import Any


class Clock:
    """Seconds that pass when an epoch is trained by what a module has as `fit_members`, and in no other way."""

    def __init__(self, monkeypatch: Any, module: Any, seconds_an_epoch: float = 1.0) -> None:
        self.now, self.epochs, self.seconds_an_epoch = 100.0, 0, seconds_an_epoch
        monkeypatch.setattr("time.perf_counter", lambda: self.now)
        real = module.fit_members

        def slow(members: Any, data: Any, *, watchers: Any = (), **how: Any) -> Any:
            def tick(underway: Any) -> bool:
                self.now += self.seconds_an_epoch
                self.epochs += 1
                return True

            return real(members, data, watchers=[*watchers, tick], **how)

        monkeypatch.setattr(module, "fit_members", slow)
