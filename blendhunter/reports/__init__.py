"""Reports about a classified image, each in one HTML file."""

from blendhunter.reports.image_report import check_report_path, write_report

__all__ = ['check_report_path', 'write_report']
