# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Descriptions of the columns of tables."""

__all__ = ['DETECTED', 'FIELD_VALUES', 'LABELED', 'MANIFEST_COLUMNS',
           'RESULT', 'SEGMENT_SOURCES', 'SOURCES', 'STAMPS',
           'describe_columns']

#: Columns of a detected catalog.
DETECTED = {
    'label': 'Number of the segment',
    'x_centroid': 'x of the centroid (px, 0 is the first pixel)',
    'y_centroid': 'y of the centroid (px, 0 is the first pixel)',
    'ra': 'Right ascension (ICRS)',
    'dec': 'Declination (ICRS)',
    'flux': 'Sum over the segment, in the unit of the image',
    'semimajor_axis': 'RMS along the major axis (px)',
    'semiminor_axis': 'RMS along the minor axis (px)',
    'orientation': 'Angle of the major axis, counter-clockwise from x (deg)',
    'n_pixels': 'Number of pixels of the segment',
    'flag': '1 part of a split segment, 2 at the edge, 4 and 8 from SEP',
    'snr': 'Flux over its noise'}
#: Columns that the classification adds.
RESULT = {
    'blend_prob': 'Probability that the source is a blend',
    'is_blend': 'Whether blend_prob reaches the threshold',
    'blend_flags': 'Sum of bits; decode_blend_flags gives their names',
    'n_neighbors': 'Number of other catalog sources in the stamp',
    'companion_x': 'x of the most likely companion (px)',
    'companion_y': 'y of the most likely companion (px)',
    'companion_separation': 'Distance of the companion from the source (px)'}
_SOURCE = {
    'magnitude': 'Magnitude (F814W)',
    'half_light_radius': 'Half-light radius (arcsec)',
    'sersic_index': 'Sersic index',
    'axis_ratio': 'Minor over major axis',
    'position_angle': 'Position angle (deg)',
    'bulge_fraction': 'Fraction of the flux in the bulge; NaN for one profile',
    'knot_fraction': 'Fraction of the flux in knots',
    'n_knots': 'Number of knots',
    'is_star': 'Whether the source is a star',
    'index': 'Row in the catalog of real galaxies; -1 for other sources'}
#: Columns of the true sources of a field.
SOURCES = {
    **_SOURCE,
    'x': 'x of the center (px, 0 is the first pixel)',
    'y': 'y of the center (px, 0 is the first pixel)',
    'ra': 'Right ascension (deg)',
    'dec': 'Declination (deg)',
    'flux': 'Flux',
    'snr': 'Matched-filter SNR of the source alone',
    'blendedness': 'Fraction of the light at the source that is not its own',
    'neighbor_separation': 'Distance to the nearest source (px)',
    'group_id': 'Number of the group of overlapping sources',
    'group_snr': 'Matched-filter SNR of the light of the group'}
#: Columns of the truth of simulated stamps.
STAMPS = {
    'label': '1 blended, 0 isolated',
    'n_sources': 'Number of sources in the stamp',
    **{name: f'{text}, of the central source' for name, text in {
        **_SOURCE, 'x': 'x in the stamp (px)', 'y': 'y in the stamp (px)',
        'flux': 'Flux (counts)'}.items()},
    **{f'{name}_2': f'{text}, of the brightest companion'
       for name, text in {
           **_SOURCE, 'x': 'x in the stamp (px)',
           'y': 'y in the stamp (px)', 'flux': 'Flux (counts)'}.items()},
    'separation': 'Distance of the brightest companion (px)',
    'flux_ratio': 'Flux of the companion over that of the central source',
    'magnitude_difference': 'Magnitude of the companion minus the central',
    'blendedness': 'Fraction of light that is not of the central source',
    'snr': 'Matched-filter SNR of the central source',
    'companion_snr': 'Matched-filter SNR of the brightest companion',
    'total_snr': 'Matched-filter SNR of all sources',
    'detected': 'Whether SEP found the central source',
    'seeing_factor': 'Factor by which the seeing was multiplied',
    'group': 'Number of the group with the same seeing factor',
    'kind': 'Kind of the unusual image',
    'image': 'Number of the unusual image'}
#: Columns that compare detections with the true sources.
LABELED = {
    'truth_label': '1 blend, 0 single, -1 unclear',
    'n_sources': 'Number of true sources with SNR 3 or more in the segment',
    'separation': 'Distance of the companion from the brightest source (px)',
    'companion_snr': 'Matched-filter SNR of the companion',
    'primary': 'Row of the brightest true source; -1 if there is none',
    'secondary': 'Row of the companion; -1 if there is none',
    'outcome': "'unrecognized', 'recognized', 'single' or 'unclear'",
    'magnitude_difference': 'Magnitude of the companion minus the brightest',
    'stamp_label': '1 if the stamp has two or more sources of SNR 5, else 0',
    'field': 'Number of the field'}
#: Columns of the two brightest sources in the segment of a detection.
SEGMENT_SOURCES = {
    f'{name}_{number}': f'{text} of the {order} source in the segment'
    for number, order in ((1, 'brightest'), (2, 'second brightest'))
    for name, text in (
        ('x', 'x in the stamp (px)'), ('y', 'y in the stamp (px)'),
        ('snr', 'Matched-filter SNR'), ('magnitude', 'Magnitude (F814W)'))}
#: Columns of the values that a simulated field has drawn.
FIELD_VALUES = {f'field_{name}': f'{text}, of the field' for name, text in {
    'photutils': 'Whether photutils was the detector',
    'density': 'Galaxies per square arcminute to magnitude 26.5',
    'clustering': 'Fraction of galaxies in clumps',
    'bright': 'Bright limit of the sources (magnitude)',
    'star_fraction': 'Stars per galaxy',
    'companions': 'Additional galaxies per source',
    'noise': 'RMS noise per pixel (counts)',
    'noise_correlation': 'Width of the smoothing of the noise (px)',
    'seeing_factor': 'Factor on the seeing of the survey',
    'psf_variation': 'Change of the PSF over the field',
    'spikes': 'Fraction of the light of bright stars in spikes',
    'wings': 'Fraction of the light of bright stars in wide wings',
    'saturation': 'Saturation level (counts); infinite without',
    'gain': 'Electrons per count; infinite without photon noise',
    'n_sigma': 'Detection threshold over the noise',
    'coma': 'Coma of the optics (waves)',
    'trefoil': 'Trefoil of the optics (waves)',
    'astigmatism': 'Astigmatism of the optics (waves)',
    'drift': 'Tracking error over the seeing',
    'brighter_fatter': 'Growth of the width of stars that saturate',
    'bleed': 'Fraction of the charge above the saturation that bleeds',
    'mask_saturated': 'Whether saturated pixels are masked',
    'resampling': 'Whether the image was resampled',
    'seeing': 'FWHM of the seeing (px)'}.items()}
#: Columns of the manifest of a run over many images.
MANIFEST_COLUMNS = {
    'name': 'Name of the output',
    'image': 'Path of the image',
    'status': "'done', 'failed' or 'open'",
    'output': 'File name of the table',
    'n_sources': 'Number of sources',
    'n_blends': 'Number of sources that are flagged as blends',
    'n_unknown': 'Number of sources without a probability',
    'seconds': 'Time of the classification (s)',
    'attempts': 'Number of attempts',
    'error': 'Error of a failed image',
    'warnings': 'Warnings of the classification',
    **{role: f'Path of the {role}' for role in (
        'catalog', 'segmentation', 'mask', 'weight', 'noise')},
    **{f'{role}_{part}': f'{text} of the file of the {role}'
       for role in ('image', 'catalog', 'segmentation', 'mask', 'weight',
                    'noise')
       for part, text in (('size', 'Size (bytes)'),
                          ('mtime_ns', 'Modification time (ns)'))}}


def describe_columns(table, *parts, names=None):
    """
    Set the descriptions of columns that have none, in place.

    ``parts`` are dicts of descriptions by column name; later ones take
    precedence. ``X_error`` is the standard error of a known column X. With
    ``names`` these columns alone get new descriptions. Returns the table.
    """
    known = {name: text for part in parts for name, text in part.items()}
    for name in table.colnames if names is None else names:
        info = table[name].info
        text = known.get(name)
        if text is None and name.endswith('_error') and (
                name.removesuffix('_error') in known):
            text = f'Standard error of {name.removesuffix("_error")}'
        if text is not None and (names is not None or not info.description):
            info.description = text
    return table
