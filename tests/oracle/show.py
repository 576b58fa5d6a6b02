"""Shows a fixture on real Tornado: ``python tests/oracle/show.py NAME [VERSION [TORNADO]]``.

VERSION is a file of the fixture, such as ``naive.py``, that is compared with ``before.py``;
without one, what ``before.py`` does is printed, scenario by scenario.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from oracle.compare import differences
from oracle.explore import explore
from oracle.fixture import FOLDER, Fixture
from oracle.install import TORNADO_4
from oracle.loopback import Loopback
from oracle.scenario import Observation


def main(name: str, other: str = "", tornado: str = TORNADO_4) -> None:
    fixture = Fixture(FOLDER / name)
    with Loopback(tornado) as loopback:
        seen = explore(loopback, fixture.version(fixture.before), fixture.wishes)
        if not other:
            for scenario, observation in seen:
                print(f"== {scenario.name}")
                _print(observation)
            return
        version = fixture.version((fixture.folder / other).read_bytes())
        again = loopback.observe(version, [scenario for scenario, _ in seen])
    for (scenario, before), after in zip(seen, again, strict=True):
        found = differences(before, after, accepted=fixture.accepted)
        print(f"== {scenario.name}: {'DIFFERENT' if found else 'same'}")
        print(*found, sep="\n")


def _print(observation: Observation) -> None:
    for effect in observation.effects:
        print(f"     {effect}")
    for response in observation.responses:
        print(f"   > {response.end} {response.status} {response.reason} {response.body[:100]!r}")
    print(f"   > {observation.end} {observation.state or ''}")


if __name__ == "__main__":
    main(*sys.argv[1:])
