"""Does the loss through synthetic data depend on how far annotators agree?

``agreement`` says how far they do, ``gaps`` is the primary analysis by test item, ``thresholds``
the study's curves, ``tasks`` the view over several tasks; ``judgements`` ranks whole tasks by what
people say of them, ``strengths`` gives each a number; ``lines`` fits and resamples. Pure
functions: this package knows nothing about files, texts or run directories.
"""
