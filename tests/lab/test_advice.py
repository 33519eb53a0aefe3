"""Advice: the planted fault is named, and a healthy training is left in peace."""

from __future__ import annotations

import warnings

import pytest

import multilayer as ml
from multilayer.lab.advice import RULES, Advice, advise
from tests.lab.trainings import FAULTS, HEALTHY, table
from tests.scale import cases

TABLES = ("wave", "groups", "rare", "rarer", "money", "years", "noise", "coins", "prices")


def trained(data, settings, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ml.train(table(data) if data in TABLES else data, seed=seed, **settings)


def test_planted_faults_are_named(figure):
    chosen = FAULTS[:: cases(normal=3, accept=1)]
    named, first = 0, 0
    for place, (fault, data, settings) in enumerate(chosen):
        names = [advice.name for advice in trained(data, settings, 3000 + place).advice]
        named += fault in names
        first += names[:1] == [fault]
    figure("planted faults, named by the advice", f"{named} of {len(chosen)}")
    figure("planted faults, named first", f"{first} of {len(chosen)}")
    assert len(FAULTS) == 30
    assert named >= 0.9 * len(chosen)


def test_healthy_trainings_are_left_in_peace(figure):
    chosen = HEALTHY[:: cases(normal=3, accept=1)]
    alarmed = [data for place, (data, settings) in enumerate(chosen) if trained(data, settings, 4000 + place).advice]
    figure("healthy trainings with a false alarm", f"{len(alarmed)} of {len(chosen)}")
    assert len(HEALTHY) == 30
    assert len(alarmed) <= 1, alarmed
