"""``python -m synth_local``: the same as the command ``synth-local``."""

from synth_local.cli.main import run_and_exit

if __name__ == "__main__":
    run_and_exit()
