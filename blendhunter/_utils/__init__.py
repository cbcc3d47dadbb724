"""Helpers shared by all layers; not part of the public interface."""
