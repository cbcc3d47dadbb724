# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Inventories of other projects, stored so that the build is offline.

A reference such as ``astropy.table.Table`` becomes a link to the pages of
astropy. Sphinx finds the address in the inventory of that project, which it
would fetch from the network. This build reads a small stored inventory
instead: ``inventories/PROJECT.txt`` has one line for each name::

    numpy.ndarray py:class reference/generated/numpy.ndarray.html#numpy.ndarray

(the name, its domain and role, the address below the project's URL). The
lines are written as a binary inventory into ``_build/inventories`` when the
build starts.

To refer to a new name, add a line to the file of its project. The build ends
with "reference target not found" while the line is missing. To check the
lines against the present inventories of all projects, build with
``BLENDHUNTER_DOCS_ONLINE=1``.
"""

import zlib
from pathlib import Path

__all__ = ['PROJECTS', 'stored_inventories']

HERE = Path(__file__).parent
PROJECTS = {
    'python': 'https://docs.python.org/3',
    'numpy': 'https://numpy.org/doc/stable',
    'scipy': 'https://docs.scipy.org/doc/scipy',
    'astropy': 'https://docs.astropy.org/en/stable',
    'photutils': 'https://photutils.readthedocs.io/en/stable',
    'matplotlib': 'https://matplotlib.org/stable',
    'sklearn': 'https://scikit-learn.org/stable',
    'galsim': 'https://galsim-developers.github.io/GalSim/_build/html',
    'h5py': 'https://docs.h5py.org/en/stable',
    'pandas': 'https://pandas.pydata.org/docs',
    'distributed': 'https://distributed.dask.org/en/stable',
    'joblib': 'https://joblib.readthedocs.io/en/stable',
    'regions': 'https://astropy-regions.readthedocs.io/en/stable'}


def stored_inventories(*, online=False):
    """
    Map each project to its address and its inventory.

    Parameters
    ----------
    online : bool, optional
        Leave out the stored inventories: Sphinx then fetches the present
        ones.

    Returns
    -------
    mapping : dict
        A value for ``intersphinx_mapping``.
    """
    if online:
        return {name: (url, None) for name, url in PROJECTS.items()}
    folder = HERE / '_build' / 'inventories'
    folder.mkdir(parents=True, exist_ok=True)
    return {name: (url, str(_write(name, folder)))
            for name, url in PROJECTS.items()}


def _write(name, folder):
    """Write the binary inventory (Sphinx, version 2) of a project."""
    lines = (HERE / 'inventories' / f'{name}.txt').read_text().splitlines()
    entries = []
    for line in lines:
        target, role, address = line.split()
        # the priority 1 and the name "-" (as the target) are the usual ones
        entries.append(f'{target} {role} 1 {address} -\n')
    header = ('# Sphinx inventory version 2\n'
              f'# Project: {name}\n# Version: stored\n'
              '# The remainder of this file is compressed using zlib.\n')
    content = header.encode() + zlib.compress(''.join(entries).encode(), 9)
    path = folder / f'{name}.inv'
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
    return path
