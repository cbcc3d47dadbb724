# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Adapt the packaged model to a survey, with the images of the survey."""

from blendhunter.adaptation.conditions import SurveyConditions
from blendhunter.adaptation.report import AdaptationReport
from blendhunter.adaptation.running import adapt

__all__ = ['AdaptationReport', 'SurveyConditions', 'adapt']
