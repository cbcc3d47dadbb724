"""Populations of galaxies and stars: ``draw`` parameters, ``render`` one."""
