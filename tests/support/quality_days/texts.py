"""Overviews in another language than the requested one."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from pipeline.demo.overviews import overview

_GERMAN = (
    "Als {hero} nach Jahren in die kleine Stadt am Fluss zurückkehrt, ist nichts mehr, wie es war.",
    "{hero} will den letzten Zug nach Norden nehmen, doch der Bahnhof ist geschlossen.",
    "Die junge Ärztin {hero} findet in einem alten Haus die Briefe ihrer Mutter.",
    "Niemand glaubt {hero}, dass sich im Keller der Schule ein Geheimnis verbirgt.",
    "Ein Sommer, ein See und eine Wette: {hero} lernt von einem Fremden das Segeln.",
    "Nach dem Tod des Vaters muss {hero} den Hof mit dem ungeliebten Bruder teilen.",
)
_GERMAN_TURNS = (
    "Gemeinsam mit einer Freundin macht sie sich auf die Suche nach dem Mann, der alles begann.",
    "Doch die Zeit läuft, und bald steht mehr auf dem Spiel als nur das eigene Glück.",
    "Was als Spiel beginnt, wird zu einem Kampf um die Wahrheit, den nicht alle überleben.",
    "Dabei kommt er einem Verbrechen auf die Spur, das die Stadt seit langem verschweigt.",
)
_HEROES = ("Anna", "Jonas", "Marie", "Felix", "Clara", "Paul", "Lena", "Emil")


def _german(film: int) -> str:
    chance = Random(film)
    opening = chance.choice(_GERMAN).format(hero=chance.choice(_HEROES))
    return f"{opening} {chance.choice(_GERMAN_TURNS)}"


TEXTS: dict[str, Callable[[int], str]] = {
    "de": _german,
    "en": lambda film: overview(film, "en"),
    "ko": lambda film: overview(film, "ko"),
}
"""Language -> the overview of a film in it."""
