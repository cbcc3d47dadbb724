"""The command line: each verb is one public call."""

from blendhunter.cli.main import main

__all__ = ['main']
