"""Configuration of the Sphinx build."""

from blendhunter.version import __version__

project = 'BlendHunter'
author = 'The BlendHunter developers'
copyright = '2026, The BlendHunter developers'  # noqa: A001
release = version = __version__

extensions = ['sphinx.ext.autodoc', 'sphinx.ext.viewcode', 'numpydoc',
              'sphinx_automodapi.automodapi',
              'sphinx_automodapi.smart_resolver']
numpydoc_show_class_members = False
automodapi_inheritance_diagram = False
default_role = 'obj'
html_theme = 'pydata_sphinx_theme'
html_title = f'BlendHunter {release}'
exclude_patterns = ['_build']
# references to other projects are not resolved: the build needs no network
nitpicky = False
