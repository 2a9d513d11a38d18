"""The register of checked sites: kept in a workspace, brought up to date by running only what a change can reach."""

from __future__ import annotations

from screening.register.notices import Notice
from screening.register.register import Register, RegisteredSite
from screening.register.rescreening import Rescreened, rescreen

__all__ = ["Notice", "Register", "RegisteredSite", "Rescreened", "rescreen"]
