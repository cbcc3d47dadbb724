"""Configuration of the Sphinx build."""

from pathlib import Path

from blendhunter.version import __version__

project = 'BlendHunter'
author = 'The BlendHunter developers'
copyright = '2026, The BlendHunter developers'  # noqa: A001
release = version = __version__

extensions = ['sphinx.ext.autodoc', 'sphinx.ext.viewcode', 'numpydoc',
              'matplotlib.sphinxext.plot_directive',
              'sphinx_automodapi.automodapi',
              'sphinx_automodapi.smart_resolver']
numpydoc_show_class_members = False
automodapi_inheritance_diagram = False
plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = ['png']
default_role = 'obj'
html_theme = 'pydata_sphinx_theme'
html_title = f'BlendHunter {release}'
# the pages have no sections of their own to list beside the text
html_sidebars = {'**': []}
# tables that pages include
exclude_patterns = ['_build', '_paper', 'results']
# references to other projects are not resolved: the build needs no network
nitpicky = False


def reproduce_small(app):
    """Repeat the paper at its small scale, which a page shows."""
    from blendhunter.benchmark.paper import reproduce_paper

    directory = Path(app.srcdir) / '_paper'
    # a finished one is kept; one that was killed continues
    if not (directory / 'provenance.json').is_file():
        reproduce_paper(directory, scale='small', n_jobs=-1, command='docs')


def setup(app):
    """Register what happens before the pages are read."""
    app.connect('builder-inited', reproduce_small)
