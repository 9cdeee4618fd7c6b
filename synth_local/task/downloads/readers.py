"""Which reader reads which task's download."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from synth_local.task.downloads import relations, tables, texts
from synth_local.task.downloads.source_rows import SourceRow

Reader = Callable[[Path], Iterator[SourceRow]]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "ag_news": tables.read_ag_news,
        "fewrel": relations.read_fewrel,
        "financial_phrasebank": texts.read_phrasebank,
        "humor_colbert": tables.read_humor,
        "imdb": texts.read_imdb,
        "reddit_goemotions": tables.read_goemotions,
        "sarcasm_headlines": tables.read_sarcasm,
        "sms_spam": tables.read_sms_spam,
        "tweet_emotions": texts.read_tweets,
        "tweet_irony": texts.read_tweets,
    }
)
