# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Positions and labels in the columns of a catalog."""

import warnings

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from blendhunter._utils.masked import plain_values, split_masked
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images.acceptance import resolve_wcs

__all__ = ['catalog_labels', 'catalog_positions']

# Position columns in lower case, in the order in which they are tried, with
# the pixel that is called 0 or 1. SExtractor and SourceXtractor++ count from
# one, as FITS does.
PIXEL_COLUMNS = (
    ('x_centroid', 'y_centroid', 0), ('xcentroid', 'ycentroid', 0),
    ('x', 'y', 0), ('xwin_image', 'ywin_image', 1),
    ('xwin_image_dbl', 'ywin_image_dbl', 1),
    ('x_image_dbl', 'y_image_dbl', 1), ('x_image', 'y_image', 1),
    ('xpsf_image', 'ypsf_image', 1), ('xmodel_image', 'ymodel_image', 1),
    ('pixel_centroid_x', 'pixel_centroid_y', 1),
    ('xpeak_image', 'ypeak_image', 1),
    ('base_sdsscentroid_x', 'base_sdsscentroid_y', 0),
    ('slot_centroid_x', 'slot_centroid_y', 0))
# sky columns in lower case, and the unit of numbers without one
SKY_COLUMNS = (
    ('alphawin_j2000', 'deltawin_j2000', u.deg),
    ('alpha_j2000', 'delta_j2000', u.deg),
    ('alphawin_sky', 'deltawin_sky', u.deg), ('alpha_sky', 'delta_sky', u.deg),
    ('world_centroid_alpha', 'world_centroid_delta', u.deg),
    ('raj2000', 'decj2000', u.deg), ('raj2000', 'dej2000', u.deg),
    ('_raj2000', '_dej2000', u.deg), ('ra_icrs', 'de_icrs', u.deg),
    ('ra_icrs', 'dec_icrs', u.deg), ('ra_j2000', 'dec_j2000', u.deg),
    ('coord_ra', 'coord_dec', u.rad), ('ra', 'dec', u.deg),
    ('ra_deg', 'dec_deg', u.deg), ('_ra', '_de', u.deg),
    ('right_ascension', 'declination', u.deg))
LABEL_COLUMNS = ('label', 'number')
PIXEL_UNITS = ('pix', 'pixel', 'pixels', 'px')
# a position farther than this from the one that the sky position gives is
# another source, or another image
MAX_OFFSET = 3.0
MIN_ROWS = 5


def catalog_positions(table, *, wcs=None, columns=None, sky=None,
                      pixel_origin=None):
    """
    Find the positions in a catalog.

    Parameters
    ----------
    table : `~astropy.table.Table`
        A catalog with positions in columns of a known name, in upper or
        lower case. The function looks first for pixels (``x_centroid``,
        ``x``, SExtractor's ``XWIN_IMAGE`` and ``X_IMAGE``,
        SourceXtractor++'s ``pixel_centroid_x`` ...), then for a SkyCoord
        column, then for sky coordinates (``ALPHA_J2000``, ``RAJ2000``,
        ``RA_ICRS``, ``coord_ra`` in radians, ``ra`` ...).
    wcs : `~astropy.wcs.WCS` or callable, optional
        Needed for sky coordinates. A callable must return the WCS.
    columns : tuple of str, optional
        Names of the two position columns. Columns of a known name keep
        their meaning. Other columns are sky coordinates if their unit is
        an angle, and pixels otherwise.
    sky : bool, optional
        Whether ``columns`` are sky coordinates (in degrees if they have
        no unit).
    pixel_origin : {0, 1}, optional
        Coordinate of the center of the first pixel. By default it follows
        from the column names.

    Returns
    -------
    x, y : float `~numpy.ndarray` of shape (n,)
        Pixel positions, where (0, 0) is the center of the first pixel.
        NaN if a row has no position.

    Raises
    ------
    ValueError
        If no position columns are found, if there are only sky
        coordinates and no WCS, or if a column does not hold numbers. The
        message names the column.
    """
    if pixel_origin not in (None, 0, 1):
        msg = f'pixel_origin must be 0 or 1, got {pixel_origin!r}'
        raise ValueError(msg)
    names = {name.lower(): name for name in reversed(table.colnames)}
    if columns is not None:
        return _named_positions(table, columns, wcs, sky, pixel_origin)
    pixels = None
    if not sky:
        pixels = next(((names[x], names[y], origin)
                       for x, y, origin in PIXEL_COLUMNS
                       if x in names and y in names), None)
    if pixels is not None:
        x, y = _pixels(table, *pixels[:2], pixels[2] if pixel_origin is None
                       else pixel_origin)
        _check_with_sky(table, names, x, y, wcs)
        return x, y
    coordinates = _sky_positions(table, names)
    if coordinates is not None:
        return _from_sky(coordinates, wcs)
    msg = ('catalog has no position columns with known names (such as '
           f'x_centroid and y_centroid); it has {table.colnames}; name the '
           'two position columns with columns')
    raise ValueError(msg)


def _sky_positions(table, names):
    """Return the sky coordinates of a table, None if it has none."""
    for name in table.colnames:
        if isinstance(table[name], SkyCoord):
            return table[name]
    for lon, lat, unit in SKY_COLUMNS:
        if lon in names and lat in names:
            return _sky(table, names[lon], names[lat], unit)
    return None


def _named_positions(table, columns, wcs, sky, pixel_origin):
    """Return positions from the columns that the user named."""
    if isinstance(columns, str) or len(columns) != 2:
        msg = f'columns must be two names, got {columns!r}'
        raise ValueError(msg)
    for name in columns:
        if name not in table.colnames:
            msg = (f'columns: catalog has no column {name!r}; it has '
                   f'{table.colnames}')
            raise ValueError(msg)
    lower = tuple(name.lower() for name in columns)
    known = {entry[:2]: entry[2] for entry in SKY_COLUMNS}
    unit = getattr(table[columns[0]], 'unit', None)
    angle = unit is not None and u.Unit(unit, parse_strict='silent'
                                        ).is_equivalent(u.deg)
    if sky or (sky is None and pixel_origin is None
               and (angle or lower in known)):
        return _from_sky(_sky(table, *columns, known.get(lower, u.deg)), wcs)
    if pixel_origin is None:
        origins = {entry[:2]: entry[2] for entry in PIXEL_COLUMNS}
        pixel_origin = origins.get(lower, int(all(
            name.endswith(('_image', '_image_dbl')) for name in lower)))
    return _pixels(table, *columns, pixel_origin)


def _pixels(table, x_name, y_name, origin):
    """Return two pixel columns as 0-indexed floats."""
    result = []
    for name in (x_name, y_name):
        unit = getattr(table[name], 'unit', None)
        if unit is not None and str(unit).strip().lower() not in (
                *PIXEL_UNITS, ''):
            msg = f'catalog column {name!r} must be in pixels, got {unit}'
            raise ValueError(msg)
        result.append(_numbers(table, name) - origin)
    return tuple(result)


def _numbers(table, name):
    """Return a column as floats, with an error that names it."""
    if getattr(table[name], 'ndim', 1) != 1:
        msg = (f'catalog column {name!r} must hold one number per row, got '
               f'the shape {table[name].shape}')
        raise ValueError(msg)
    try:
        return plain_values(table[name])
    except (TypeError, ValueError) as error:
        msg = f'catalog column {name!r} must hold numbers: {error}'
        raise ValueError(msg) from error


def _sky(table, lon, lat, unit):
    """Return ICRS coordinates of two columns, ``unit`` if they have none."""
    angles = []
    for name in (lon, lat):
        own = getattr(table[name], 'unit', None)
        own = unit if own is None else u.Unit(own, parse_strict='silent')
        if not own.is_equivalent(u.deg):
            msg = (f'catalog column {name!r}: sky positions must be angles, '
                   f'got {own}')
            raise ValueError(msg)
        angles.append(_numbers(table, name) * own.to(u.deg))
    for name, values, limits in ((lon, angles[0], (-360, 720)),
                                 (lat, angles[1], (-90, 90))):
        with np.errstate(invalid='ignore'):
            good = (values >= limits[0]) & (values <= limits[1])
        # a few are the numbers that stand for missing ones
        if np.sum(~good & np.isfinite(values)) > len(values) / 2:
            msg = (f'catalog column {name!r} must hold angles from '
                   f'{limits[0]} to {limits[1]} degrees')
            raise ValueError(msg)
        values[~good] = np.nan
    return SkyCoord(*angles, unit='deg')


def _from_sky(sky, wcs):
    """Project sky coordinates to 0-indexed pixels."""
    wcs = resolve_wcs(wcs)
    if wcs is None:
        msg = ('wcs: the catalog has only sky positions, and the image has '
               'no celestial WCS; give wcs')
        raise ValueError(msg)
    x, y = wcs.world_to_pixel(sky)
    return (np.array(np.ma.filled(x, np.nan), dtype=float),
            np.array(np.ma.filled(y, np.nan), dtype=float))


def _check_with_sky(table, names, x, y, wcs):
    """Warn if pixel and sky positions of a catalog contradict each other."""
    if wcs is None or len(x) < MIN_ROWS:
        return
    try:
        sky = _sky_positions(table, names)
        projected = None if sky is None else _from_sky(sky, wcs)
    except ValueError:  # there is no usable WCS, and none is needed
        return
    if projected is None:
        return
    offset = np.hypot(projected[0] - x, projected[1] - y)
    offset = offset[np.isfinite(offset)]
    if offset.size >= MIN_ROWS and np.median(offset) > MAX_OFFSET:
        warnings.warn(
            'catalog: its pixel positions and sky positions do not agree '
            'with the WCS of image (median offset '
            f'{np.median(offset):.3g} px). Does the catalog belong to '
            'another image? The pixel positions are used',
            BlendHunterWarning, stacklevel=5)


def catalog_labels(table):
    """
    Return the segment labels of a catalog, or None.

    Parameters
    ----------
    table : `~astropy.table.Table`
        The catalog.

    Returns
    -------
    labels : int64 `~numpy.ndarray` of shape (n,) or None
        From the column ``label`` or SExtractor's ``NUMBER``; 0 for
        masked entries.
    """
    names = {name.lower(): name for name in reversed(table.colnames)}
    for name in LABEL_COLUMNS:
        if name in names:
            values, mask, _ = split_masked(table[names[name]])
            if values.dtype.kind in 'iu' and values.ndim == 1:
                values = values.astype(np.int64)
                return values if mask is None else np.where(mask, 0, values)
    return None
