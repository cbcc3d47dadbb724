# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Descriptions of the columns of benchmark tables."""

__all__ = ['BINS', 'CALIBRATION', 'COMPANIONS', 'CURVES', 'DETECTORS',
           'DOMAIN', 'INJECTIONS', 'INJECTION_SCORES', 'MEMORY', 'PAPER',
           'PRIORS', 'QUARTILES', 'SAMPLES', 'SCORES', 'SCREENING',
           'SINGLES', 'SINGLES_SCORES', 'SPEED', 'STAMP_LABELS', 'WORKERS',
           'score_descriptions']

_METHOD = {'method': 'Method that is scored'}
_COMPLETENESS = 'Completeness (fraction of the blends that are flagged)'
#: Scores of methods on detections.
SCORES = {
    **_METHOD,
    'n': 'Number of detections', 'n_blends': 'Number of blends',
    'auc': 'Area under the ROC curve',
    **{f'completeness_purity{p}': f'Completeness at {p} per cent purity'
       for p in (50, 80, 90)},
    **{f'completeness_reject{p}':
       f'Completeness if {p} per cent of the detections are rejected'
       for p in (10, 30)},
    'resolvable': 'Completeness of resolvable blends at 80 per cent purity',
    'stamp_auc': 'Area under the ROC curve for the labels of whole stamps',
    'stamp_accuracy': 'Accuracy for the labels of whole stamps'}
#: Completeness and purity in bins.
BINS = {
    **_METHOD,
    'working_point': 'How the threshold is chosen',
    'quantity': 'Quantity of the bin',
    'low': 'Lower limit of the bin', 'high': 'Upper limit of the bin',
    'completeness': _COMPLETENESS,
    'purity': 'Purity (fraction of the flagged sources that are blends)',
    'n_blends': 'Number of blends in the bin',
    'n_flagged': 'Number of flagged sources in the bin'}
#: Points of ROC and purity-completeness curves.
CURVES = {
    **BINS,
    'false_positives': 'Fraction of the single sources that are flagged'}
#: Comparison of scores with and without screening.
SCREENING = {
    'set': 'Name of the set', 'region': 'Region that was classified',
    'limit': 'Probability below which the small network dismisses',
    'n': 'Number of detections',
    'dismissed': 'Fraction that the small network dismisses',
    'highest': 'Highest probability of a dismissed source',
    'auc': 'Area under the ROC curve',
    'auc_screened': 'Area under the ROC curve with screening',
    'completeness': 'Completeness at 80 per cent purity',
    'completeness_screened': 'Completeness with screening'}
#: Injected companions.
INJECTIONS = {
    'host': 'Row of the host in the catalog',
    'donor': 'Row of the copied source in the catalog',
    'x_host': 'x of the host (px)', 'y_host': 'y of the host (px)',
    'x': 'x of the companion (px)', 'y': 'y of the companion (px)',
    'separation': 'Distance of the companion from the host (px)',
    'flux_ratio': 'Flux of the companion over that of the host',
    'snr': 'Matched-filter SNR of the companion',
    'round': 'Number of the round',
    'outcome': "'merged' (one detection), 'split' (two) or 'lost'"}
INJECTION_SCORES = {
    **_METHOD,
    'n_merged': 'Number of merged injections',
    'auc': 'Area under the ROC curve, against the hosts before injection',
    **{f'completeness_fpr{rate}':
       f'Completeness at {rate} per cent false positives'
       for rate in (1, 5, 10)}}
#: Isolated sources of the null test, besides the columns of a detection.
SINGLES = {
    'nearest': 'Distance to the nearest other detection (px)',
    'axis_ratio': 'Major over minor axis',
    'half_light_radius': 'Radius of half the Kron flux (px)',
    'locus_radius': 'Half-light radius of a star of this SNR (px)',
    'locus_width': 'Scatter of the half-light radius of stars (px)',
    'kind': "'point-like', 'round' or 'other'",
    'chance': 'Probability of a second source in the segment by chance'}
SINGLES_SCORES = {
    **_METHOD,
    'kind': "'point-like' or 'round'", 'snr': 'Bin of the SNR',
    'n': 'Number of sources', 'flagged': 'Fraction that is flagged',
    'chance': 'Fraction that has a second source by chance',
    'ratio': 'flagged over chance'}
#: Scores of labels of stamps.
DETECTORS = {
    **_METHOD,
    'set': 'Name of the set', 'sigma': 'RMS noise (counts)',
    'rule': "'oracle', 'truth-free' or 'published'",
    'accuracy': 'Fraction of the stamps with the right label',
    'completeness': _COMPLETENESS,
    'close': 'Completeness of blends with a separation below 10 px',
    'distant': 'Completeness of blends with a separation of 10 px or more',
    'tnr': 'Fraction of the isolated stamps with the right label',
    'failures': 'Fraction of the stamps that the rule leaves out',
    'nothing_found': 'Fraction of the stamps without detection',
    'completeness_close_fpr1':
    'Completeness of close blends at 1 per cent false positives'}
STAMP_LABELS = {
    'label': '1 blended, 0 isolated, -1 nothing found',
    'n_detected': 'Number of detections in the stamp',
    'failure': 'Whether the rule leaves the stamp out'}
#: Tables of the reproduction of the paper.
PAPER = {
    **DETECTORS,
    'set': "'parametric', or the kind of the realistic set",
    'sigma': 'RMS noise of the training (counts)',
    'realization': 'Number of the noise realization',
    'blocks': 'Kind of the convolutional blocks',
    'preprocessing': 'Preprocessing of the stamps',
    'score': 'Name of the score (per cent)',
    'authors sigma': 'RMS noise of the stored runs of the authors (counts)'}
#: Sources for the calibration.
SAMPLES = {
    'set': 'Name of the set', 'region': 'Region that was classified',
    'snr': 'SNR of the detection, or of both sources in a stamp',
    'blended': 'Whether the source is a blend',
    'probability': 'Blend probability at the prior',
    'prior': 'Blend fraction to which the probability refers'}
CALIBRATION = {
    'set': 'Name of the set', 'region': 'Region that was classified',
    'snr': 'Third of the SNR', 'n': 'Number of sources',
    'blends': 'Fraction of blends', 'probability': 'Mean probability',
    'ece': 'Expected calibration error',
    'ece_perfect': 'Expected calibration error if perfectly calibrated',
    'ece_reported': 'Expected calibration error at the prior of the weights'}
PRIORS = {
    'set': 'Name of the set', 'fraction': 'True blend fraction',
    'n': 'Mean number of sources', 'estimated': 'Mean estimate',
    'scatter': 'Standard deviation of the estimates',
    'bias': 'Mean estimate minus the true fraction'}
COMPANIONS = {
    'set': 'Name of the set',
    'separation': 'Range of the true separation (px)',
    'n': 'Number of blends', 'near': 'Fraction located within 2 px',
    'median': 'Median error of the position (px)'}
DOMAIN = {
    'kind': 'Kind of image', 'n': 'Number of affected sources',
    'flagged': 'Fraction flagged as out of domain (bit 64)',
    'blends': 'Fraction with is_blend'}
MEMORY = {
    'size': 'Width of the image (px)', 'input': "'array' or 'file'",
    'sources': 'Number of sources', 'image': 'Size of the pixels (MiB)',
    'before': 'Memory with the loaded model and array (MiB)',
    'peak': 'Largest memory of the process (MiB)',
    'added': 'peak minus before (MiB)', 'seconds': 'Time (s)'}
SPEED = {
    'step': 'Step', 'seconds': 'Time (s)',
    'ratio': 'Time over that of the forward pass, or of Cutout2D',
    'stamps_per_second': 'Stamps per second'}
WORKERS = {
    'workers': 'Number of processes', 'seconds': 'Time (s)',
    'sources_per_second': 'Sources per second',
    'speedup': 'Time of one worker over this time',
    'efficiency': 'speedup over the number of workers'}
QUARTILES = {
    'quartile': 'Number of the quartile, from faint to bright',
    'flux_min': 'Lowest flux', 'flux_max': 'Highest flux',
    'n_sources': 'Number of sources with a probability',
    'share': 'Fraction of these with is_blend',
    'median_area': 'Median area of the segments (pixels)'}


def score_descriptions(table, prefix='', suffix=''):
    """Return descriptions of the columns with the scores of methods."""
    return {name: f'Score of {name.removeprefix(prefix)}; higher means more '
            'likely a blend' if not suffix or not name.endswith(suffix)
            else f'Score of {name.removesuffix(suffix)} before the injection'
            for name in table.colnames if name.startswith(prefix)}
