"""Public data sets, as their authors hand them out, become the files that the task files name.

Nothing is downloaded: a folder that somebody carried in is read.
"""

from synth_local.task.downloads.convert import Conversion, convert_download
from synth_local.task.downloads.readers import READERS

__all__ = ["READERS", "Conversion", "convert_download"]
