"""Tests of synth_local.curate."""
