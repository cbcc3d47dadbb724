# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Configuration of the tests that the package holds."""

from importlib.metadata import PackageNotFoundError, version

from blendhunter.tests.fixtures import *  # noqa: F403
from blendhunter.version import __version__

try:
    from pytest_astropy_header.display import (
        PYTEST_HEADER_MODULES,
        TESTED_VERSIONS,
    )
except ImportError:
    PYTEST_HEADER_MODULES, TESTED_VERSIONS = {}, {}

# `python -m blendhunter` is no module to look for examples in
collect_ignore = ['__main__.py']


def pytest_configure(config):
    """Name the versions that pytest_astropy_header shows."""
    del config
    TESTED_VERSIONS['blendhunter'] = __version__
    PYTEST_HEADER_MODULES.clear()
    PYTEST_HEADER_MODULES.update({
        'numpy': 'numpy', 'scipy': 'scipy', 'astropy': 'astropy',
        'photutils': 'photutils', 'sep': 'sep', 'h5py': 'h5py',
        'scikit-learn': 'sklearn'})


def pytest_report_header(config):
    """Name the versions of libraries that take seconds to import."""
    del config
    names = ['tensorflow', 'keras', 'galsim', 'surveycodex', 'scikit-image',
             'dask', 'distributed']
    return 'also: ' + ', '.join(map(_named_version, names))


def _named_version(name):
    """Return a name and its version, without an import."""
    try:
        return f'{name} {version(name)}'
    except PackageNotFoundError:
        return f'{name} not available'
