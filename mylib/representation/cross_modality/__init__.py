"""Infrared and visible re-identification with an X modality."""
