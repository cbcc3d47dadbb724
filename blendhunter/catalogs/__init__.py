# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Read catalogs of all accepted forms, and find positions in them."""

from blendhunter._utils.masked import plain_values
from blendhunter.catalogs.positions import catalog_labels, catalog_positions
from blendhunter.catalogs.reading import as_table, read_catalog

__all__ = ['as_table', 'catalog_labels', 'catalog_positions', 'plain_values',
           'read_catalog']
