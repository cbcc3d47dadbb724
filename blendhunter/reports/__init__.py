# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Write a report about a classified image to one HTML file."""

from blendhunter.reports.image_report import check_report_path, write_report

__all__ = ['check_report_path', 'write_report']
