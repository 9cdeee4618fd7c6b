"""``step measure``: diversity of every corpus beside the real texts, before and after curation."""

from __future__ import annotations
