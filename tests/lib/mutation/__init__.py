# SPDX-License-Identifier: GPL-2.0-or-later
"""
mutation - compiler output changed in one place, where it is known beforehand what follows

asm and elfobj are what is mutated; case says what a mutation is and lists those of p1, p2 and
p3; workshop makes them, and verdict says whether what came of one is right.
"""
from . import p1, p2, p3  # noqa: F401  (these register their mutators)
from .case import MUTATORS
from .workshop import Workshop, load, make_case

__all__ = ['MUTATORS', 'Workshop', 'load', 'make_case']
