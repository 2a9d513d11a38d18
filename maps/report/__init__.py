"""Reports of a verdict on paper and in tables: DOCX, PDF, HTML, XLSX and CSV of one content."""

from maps.report.content import report_of
from maps.report.model import Report
from maps.report.writing import FORMATS, write_report

__all__ = ["FORMATS", "Report", "report_of", "write_report"]
