"""
A slow, plain reading of the contract (docs: the verdict, §2 and §3), to judge the engine by.

Nothing in here imports ``spatial``, ``layers`` or ``screening``: two readings written apart are worth comparing, two
that share code are not. ``ellipsoid`` measures, ``plain`` answers, ``shifts`` knows the truth the proof of §3 tries to
reach, ``cases`` makes sites and zones, ``adapter`` is where the engine is plugged in.
"""
