"""The demo: a synthetic workspace inside the real outline of 满洲里, sample sites, and their results."""

from apps.demo.build import Demo, SiteResult, build

__all__ = ["Demo", "SiteResult", "build"]
