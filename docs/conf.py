# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Configuration of the Sphinx build."""

import os
import sys
from pathlib import Path

from blendhunter.version import __version__

sys.path.insert(0, str(Path(__file__).parent))

from inventories import stored_inventories
from references import class_aliases, resolve_public_name

project = 'BlendHunter'
author = 'The BlendHunter developers'
copyright = '2026, The BlendHunter developers'  # noqa: A001
release = version = __version__
repository = 'https://github.com/blendhunter/blendhunter'

extensions = ['sphinx.ext.autodoc', 'sphinx.ext.intersphinx',
              'sphinx.ext.viewcode', 'numpydoc',
              'matplotlib.sphinxext.plot_directive', 'myst_nb',
              'sphinx_automodapi.automodapi',
              'sphinx_automodapi.smart_resolver', 'sphinx_copybutton']
exclude_patterns = ['_build', '_templates', 'results', 'inventories']
templates_path = ['_templates']
default_role = 'obj'
nitpicky = True

# The build needs no network: references to other projects are resolved with
# the stored inventories. BLENDHUNTER_DOCS_ONLINE=1 fetches the present ones.
intersphinx_mapping = stored_inventories(
    online=os.environ.get('BLENDHUNTER_DOCS_ONLINE') == '1')
intersphinx_timeout = 20

numpydoc_show_class_members = False
numpydoc_xref_param_type = True
# words of type descriptions that become links, and those that do not
numpydoc_xref_aliases = {
    **class_aliases(),
    'bool': 'bool', 'path': 'pathlib.Path', 'Path': 'pathlib.Path',
    'Table': 'astropy.table.Table', 'QTable': 'astropy.table.QTable',
    'Quantity': 'astropy.units.Quantity', 'WCS': 'astropy.wcs.WCS',
    'SegmentationImage': 'photutils.segmentation.SegmentationImage',
    'SourceCatalog': 'photutils.segmentation.SourceCatalog',
    'Figure': 'matplotlib.figure.Figure',
    'Generator': 'numpy.random.Generator',
    'SeedSequence': 'numpy.random.SeedSequence',
    'mapping': ':term:`python:mapping`',
    **{name: f'numpy.{name}' for name in (
        'float16', 'float32', 'float64', 'int8', 'int16', 'int32', 'int64')}}
numpydoc_xref_ignore = {'optional', 'of', 'or', 'and', 'with', 'these',
                        'shape',
                        'default', 'n', 'm', 'k', 's', 'ny', 'nx'}
automodapi_inheritance_diagram = False

plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [('png', 150)]

# tutorials are executed; a cell that fails ends the build
nb_execution_mode = 'cache'
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
myst_enable_extensions = ['dollarmath', 'colon_fence']

# the prompts of examples are not copied
copybutton_prompt_text = r'>>> |\.\.\. |\$ '
copybutton_prompt_is_regexp = True

html_theme = 'pydata_sphinx_theme'
html_title = f'BlendHunter {release}'
html_static_path = ['_static']
html_css_files = ['blendhunter.css']
html_sidebars = {'**': ['sidebar-groups']}
html_theme_options = {
    # the groups are in the sidebar
    'navbar_center': [],
    'logo': {'text': 'BlendHunter', 'image_light': '_static/logo.svg',
             'image_dark': '_static/logo.svg'},
    'navigation_depth': 3,
    'icon_links': [
        {'name': 'Source', 'url': repository, 'icon': 'fa-brands fa-github'},
        {'name': 'Issues', 'url': f'{repository}/issues',
         'icon': 'fa-solid fa-bug'}],
    'use_edit_page_button': True,
}
html_context = {'github_user': 'blendhunter', 'github_repo': 'blendhunter',
                'github_version': 'main', 'doc_path': 'docs'}


def setup(app):
    """Connect what the references need."""
    app.connect('missing-reference', resolve_public_name)
