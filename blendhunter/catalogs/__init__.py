"""Catalogs of any accepted kind, and the positions in them."""

from blendhunter._utils.masked import plain_values
from blendhunter.catalogs.positions import catalog_labels, catalog_positions
from blendhunter.catalogs.reading import as_table, read_catalog

__all__ = ['as_table', 'catalog_labels', 'catalog_positions', 'plain_values',
           'read_catalog']
