# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The progress of a run: a small record per image, and one table."""

import json
import re
from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import (
    MANIFEST_COLUMNS,
    describe_columns,
)
from blendhunter._utils.files import write_text
from blendhunter._utils.tables import write_table
from blendhunter.exceptions import DataSetError
from blendhunter.survey.image_list import FILES

__all__ = ['MANIFEST', 'Manifest', 'survey_status']

#: Readers of data sets leave out names that begin with ``_`` or a dot.
MANIFEST = '_manifest.ecsv'
RECORDS = '.manifest'
RUN_FILE = '.run.json'
# name in a record, and the value of an image without an answer yet
COUNTS = {'n_sources': 0, 'n_blends': 0, 'n_unknown': 0, 'seconds': 0.0,
          'attempts': 0}


class Manifest:
    """
    The records of a run in its output directory.

    Parameters
    ----------
    directory : `~pathlib.Path`
        The output directory.

    Attributes
    ----------
    records : dict of dict
        By the name of the image.
    images : dict of str
        Paths of all images of the run, as they were given, by name.
    settings : dict or None
        Plain values that decide the results; None without a run.
    """

    def __init__(self, directory):
        self.directory = directory
        run = self._read(directory / RUN_FILE) or {}
        self.settings = run.get('settings')
        self.images = run.get('images', {})
        self.records = {}
        if self.settings is not None:
            for name in self.images:
                record = self._read(self._path(name))
                if record is not None:
                    self.records[name] = record

    @staticmethod
    def _read(path):
        """Read a small JSON file; None if it is missing or damaged."""
        try:
            found = json.loads(path.read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _path(self, name):
        return self.directory / RECORDS / f'{name}.json'

    def begin(self, settings, images):
        """
        Start a run, or go on with one that has the same settings.

        ``images`` are `~blendhunter.survey.image_list.SurveyImage`. What a
        killed run left half-written is removed.
        """
        if self.settings is not None:
            self._check_settings(settings)
        self.settings = settings
        self._check_images(images)
        self.images.update({item.name: item.image for item in images})
        (self.directory / RECORDS).mkdir(exist_ok=True)
        write_text(self.directory / RUN_FILE, json.dumps(
            {'settings': settings, 'images': self.images}))

    def _check_settings(self, settings):
        """Refuse other settings than those of the run."""
        for name in dict.fromkeys([*self.settings, *settings]):
            old, new = self.settings.get(name), settings.get(name)
            if old != new:
                msg = (f'{name}: {str(self.directory)!r} has a run with '
                       f'{old!r}, not {new!r}; choose another directory, or '
                       'use overwrite=True to start again')
                raise ValueError(msg)

    def _check_images(self, images):
        """Refuse to replace what was made of another image, or by others."""
        lower = {name.lower(): name for name in self.images}
        for item in images:
            known = lower.get(item.name.lower())
            if known is None and self.output(item.name).exists():
                msg = (f'output_dir: {str(self.output(item.name))!r} exists '
                       'and was not made by a run; choose another directory')
                raise FileExistsError(msg)
            record = self.records.get(known)
            if record is None or record['place'] == item.path('image'):
                continue
            if record['fingerprint'] != item.fingerprint():
                msg = (f'images: {item.image!r} would replace the table of '
                       f'{record["image"]!r}; give it a different name in '
                       "a column 'name'")
                raise ValueError(msg)

    def output(self, name):
        """Return the path of a table."""
        return self.directory / f'{name}.{self.settings["format"]}'

    def is_done(self, image):
        """Tell whether an image has its table, and no file has changed."""
        record = self.records.get(image.name)
        return (record is not None and record['status'] == 'done'
                and self.output(image.name).is_file()
                and record['fingerprint'] == image.fingerprint())

    def add(self, image, summary):
        """Record what became of an image; a failed one has no table."""
        if summary['status'] != 'done':
            self.output(image.name).unlink(missing_ok=True)
        self.records[image.name] = record = {
            'image': image.image, 'place': image.path('image'),
            **{role: getattr(image, role) for role in FILES[1:]
               if getattr(image, role) is not None},
            **{name: summary.get(name, value)
               for name, value in COUNTS.items()},
            **{name: summary.get(name, '')
               for name in ('status', 'error', 'warnings')},
            'fingerprint': summary['fingerprint']}
        write_text(self._path(image.name), json.dumps(record))

    def forget(self, name):
        """Remove the record of an image, and its table."""
        self.records.pop(name, None)
        self._path(name).unlink(missing_ok=True)
        self.output(name).unlink(missing_ok=True)

    def clear(self):
        """Remove all that the run has made."""
        if self.settings is not None:
            for name in self.images:
                self.forget(name)
        self.settings, self.images, self.records = None, {}, {}
        for name in (RUN_FILE, MANIFEST):
            (self.directory / name).unlink(missing_ok=True)

    def clean(self):
        """Remove what a killed worker left half-written."""
        starts = {name[:40] for name in self.images}
        for path in self.directory.glob('.*-*'):
            found = re.fullmatch(r'\.(.+)-[a-z0-9_]{8}\.\w+', path.name)
            if found and found[1] in starts and path.is_file():
                path.unlink(missing_ok=True)

    def table(self):
        """Return one row per image: done, failed or open."""
        names = sorted(self.images)
        records = [self.records.get(name, {}) for name in names]
        table = Table()
        table['name'] = np.array(names, dtype=str)
        table['image'] = [self.images[name] for name in names]
        table['status'] = [self._status(name) for name in names]
        table['output'] = [
            self.output(name).name if status == 'done' else ''
            for name, status in table.iterrows('name', 'status')]
        for name, value in COUNTS.items():
            table[name] = [record.get(name, value) for record in records]
        for name in ('error', 'warnings'):
            table[name] = np.array([record.get(name, '')
                                    for record in records], dtype=str)
        _add_files(table, records)
        table.meta.update(self.settings)
        return describe_columns(table, MANIFEST_COLUMNS)

    def _status(self, name):
        """Return 'open' where a rerun has a table to make."""
        status = self.records.get(name, {}).get('status', 'open')
        return ('open' if status == 'done'
                and not self.output(name).is_file() else status)

    def write(self):
        """Write the table of all images."""
        write_table(self.table(), self.directory / MANIFEST, overwrite=True)


def _add_files(table, records):
    """Add path, size and modification time (ns) of the input files."""
    files = [record.get('fingerprint', {}).get('files', {})
             for record in records]
    for role in FILES:
        if role != 'image':
            given = [record.get(role, '') for record in records]
            if not any(given):
                continue
            table[role] = [str(value) for value in given]
        sizes = [file.get(role) or (0, 0) for file in files]
        for name, column in zip(('size', 'mtime_ns'),
                                np.array(sizes, dtype=np.int64).T,
                                strict=True):
            table[f'{role}_{name}'] = column


def survey_status(output_dir):
    """
    Return the status of a run, which may still be in progress.

    Parameters
    ----------
    output_dir : path-like
        Directory of the run.

    Returns
    -------
    manifest : `~astropy.table.Table`
        The manifest; see `~blendhunter.survey.classify_images`. ``status``
        is 'done', 'failed' or 'open'.

    Raises
    ------
    `~blendhunter.exceptions.DataSetError`
        If the directory has no run.
    """
    manifest = Manifest(Path(output_dir))
    if manifest.settings is None:
        msg = f'output_dir: {str(output_dir)!r} has no run'
        raise DataSetError(msg)
    return manifest.table()
