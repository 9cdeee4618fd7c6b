"""Tests of synth_local.measure."""
