"""The packaged model fitted to a survey, from its images alone."""

from blendhunter.adaptation.conditions import SurveyConditions
from blendhunter.adaptation.report import AdaptationReport
from blendhunter.adaptation.running import adapt

__all__ = ['AdaptationReport', 'SurveyConditions', 'adapt']
