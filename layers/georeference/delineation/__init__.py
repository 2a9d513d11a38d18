"""
Zones that a standard or a plan defines by a rule: one module for each thing they lie around.

``wells``, ``intakes`` and ``lakes`` draw the protection zones of drinking-water sources after HJ 338-2018; ``banks``
what lies along or around anything; ``rules`` holds the figures, and which of them were taken.

What comes out is always *indicative*: the legal boundary is the provincial approval, and an approved polygon replaces
what was drawn here.
"""
