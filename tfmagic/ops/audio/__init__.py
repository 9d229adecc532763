"""Ops on sounds: WAV files, spectrograms, MFCCs."""
