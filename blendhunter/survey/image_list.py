# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The images of a run, and the files that belong to each."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter.catalogs import read_catalog
from blendhunter.images.fits_files import split_ext

__all__ = ['COLUMNS', 'FILES', 'SurveyImage', 'read_image_list']

#: What a list may say of an image.
COLUMNS = ('image', 'ext', 'catalog', 'segmentation', 'mask', 'weight',
           'noise', 'name')
#: Those that name a file; the noise may be a number, too.
FILES = ('image', 'catalog', 'segmentation', 'mask', 'weight', 'noise')
IMAGE_SUFFIXES = ('.fits', '.fit', '.fts', '.fz', '.gz', '.bz2')


@dataclass(frozen=True)
class SurveyImage:
    """
    An image of a run.

    Parameters
    ----------
    name : str
        Name of its output, without extension.
    image : str
        Path of the image, as given.
    folder : str
        Folder of relative paths.
    ext : int or str or None, optional
        Extension of the image.
    catalog, segmentation, mask, weight : str or None, optional
        Paths, as given.
    noise : str or float or None, optional
        Path of a noise map, or RMS noise per pixel.
    """

    name: str
    image: str
    folder: str
    ext: int | str | None = None
    catalog: str | None = None
    segmentation: str | None = None
    mask: str | None = None
    weight: str | None = None
    noise: str | float | None = None

    def path(self, role):
        """Return the absolute path of a file, maybe with ``[EXT]``."""
        value = getattr(self, role)
        return (None if value is None or isinstance(value, float)
                else os.path.join(self.folder, value))

    def fingerprint(self):
        """Return size and modification time (ns) of each file, and more."""
        found = {}
        for role in FILES:
            path = self.path(role)
            if path is None:
                continue
            try:
                status = split_ext(path)[0].stat()
            except OSError:
                found[role] = None
            else:
                found[role] = [status.st_size, status.st_mtime_ns]
        return {'files': found, 'ext': self.ext,
                'noise': self.noise if isinstance(self.noise, float)
                else None}


def read_image_list(images):
    """
    Return the images of a run, with a name for each.

    Parameters
    ----------
    images : sequence of path-like or dict, Table, or path
        See `~blendhunter.survey.classify_images`.

    Returns
    -------
    images : list of `SurveyImage`
        The images.

    Raises
    ------
    TypeError, ValueError, OSError
        With a message that begins with ``images``.
    """
    rows, folder = _rows(images)
    if not rows:
        msg = 'images must not be empty'
        raise ValueError(msg)
    made = [_survey_image(row, folder, number)
            for number, row in enumerate(rows, 1)]
    _check_unique(made)
    return made


def _rows(images):
    """Return a dict for each image, and the folder of their paths."""
    folder = os.getcwd()
    if isinstance(images, (str, Path)):
        folder = os.path.abspath(Path(images).parent)
        try:
            images = read_catalog(images)
        except (OSError, ValueError) as error:
            text = str(error).removeprefix('catalog').lstrip(': ')
            msg = f'images: {text}'
            raise type(error)(msg) from error
    if isinstance(images, Table):
        return [dict(zip(images.colnames, row, strict=True))
                for row in images.iterrows()], folder
    rows = []
    for image in images:
        if not isinstance(image, (str, Path, dict)):
            msg = ('images: each must be a path or a dict, got '
                   f'{type(image).__name__}')
            raise TypeError(msg)
        rows.append(image if isinstance(image, dict) else {'image': image})
    return rows, folder


def _survey_image(row, folder, number):
    """Return the image of a row of a list."""
    unknown = [name for name in row if name not in COLUMNS]
    if unknown:
        msg = (f'images: row {number} has the unknown entry '
               f'{unknown[0]!r}; the known ones are {list(COLUMNS)}')
        raise ValueError(msg)
    values = {name: _value(value) for name, value in row.items()}
    values = {name: value for name, value in values.items()
              if value is not None}
    if 'image' not in values:
        msg = f'images: row {number} has no image'
        raise ValueError(msg)
    if 'ext' in values:
        ext = str(values['ext'])
        values['ext'] = (int(float(ext)) if re.fullmatch(
            r'-?\d+(\.0)?', ext) else ext)
    if 'noise' in values:
        with suppress(ValueError):
            values['noise'] = float(values['noise'])
    if 'weight' in values and 'noise' in values:
        msg = f'images: row {number} has both weight and noise'
        raise ValueError(msg)
    for role in FILES[:-1]:
        if role in values and not isinstance(values[role], str):
            msg = (f'images: row {number}: {role} must be a path, got '
                   f'{values[role]!r}')
            raise TypeError(msg)
    values['name'] = _name(values)
    return SurveyImage(folder=folder, **values)


def _value(value):
    """Return a value of a list; None if it is missing or empty."""
    if value is None or np.ma.is_masked(value):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, str):
        return value.strip() or None
    return value


def _name(values):
    """Return the name of an image's output: its stem, and its extension."""
    if 'name' in values:
        name = str(values['name'])
        if re.fullmatch(r'\w[\w.+-]*', name) is None:
            msg = (f'images: the name {name!r} may have letters, digits and '
                   '. + - _ only, and must begin with a letter or digit')
            raise ValueError(msg)
        return name
    path, ext = split_ext(values['image'], values.get('ext'))
    name = path.name
    while Path(name).suffix.lower() in IMAGE_SUFFIXES:
        name = Path(name).stem
    if ext is not None:
        name = f'{name}-{ext}'
    name = re.sub(r'[^\w.+-]', '_', name)
    # a leading dot or underscore would hide a file from its readers
    return name if re.match(r'[^\W_]', name) else f'x{name}'


def _check_unique(images):
    """Refuse an image that comes twice, and two outputs of one name."""
    seen, names = set(), {}
    for item in images:
        path, ext = split_ext(item.path('image'), item.ext)
        key = os.path.realpath(path), ext, item.path('catalog')
        if key in seen:
            msg = (f'images: {item.image!r} is given twice, with the same '
                   'extension and catalog')
            raise ValueError(msg)
        seen.add(key)
        # some file systems do not know upper from lower case
        other = names.setdefault(item.name.lower(), item)
        if other is not item:
            msg = (f'images: {other.image!r} and {item.image!r} would both '
                   f'be written as {item.name!r}; give them different names '
                   "in a column 'name'")
            raise ValueError(msg)
