# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Options of the command line that dataclasses define."""

import argparse
from dataclasses import dataclass, field, fields

import pytest

from blendhunter.cli.dataclass_options import (
    add_dataclass_options,
    from_options,
)
from blendhunter.cli.main import build_parser
from blendhunter.simulation import (
    Artifacts,
    Exposure,
    FieldRanges,
    SourceModel,
)


def helped(default, text, **metadata):
    return field(default=default, metadata={'help': text, **metadata})


@dataclass(frozen=True)
class Settings:
    kind: str = helped('smooth', 'kind of all', choices=('smooth', 'rough'))
    n_pixels: int = helped(5, 'number of pixels')
    limit: float | None = helped(2.5, 'a limit of 5 %')
    noise: float | str | None = helped('survey', 'the noise')
    range: tuple = helped((0.9, 1.1), 'a range')
    optional_range: tuple | None = helped(None, 'another one')
    deblend: bool = helped(True, 'do not deblend')
    fast: bool = helped(False, 'be fast')
    path: object = helped(None, 'a file', metavar='FITS')


def parse(*argv, cls=Settings, **options):
    parser = argparse.ArgumentParser()
    add_dataclass_options(parser, cls, **options)
    return parser.parse_args(argv)


def test_defaults_are_those_of_the_dataclass():
    assert from_options(Settings, parse()) == Settings()


@pytest.mark.parametrize(('argv', 'expected'), [
    (['--kind', 'rough'], {'kind': 'rough'}),
    (['--n-pixels', '7'], {'n_pixels': 7}),
    (['--limit', '1e2'], {'limit': 100.0}),
    (['--limit', 'none'], {'limit': None}),
    (['--noise', '3'], {'noise': 3.0}),
    (['--noise', 'other'], {'noise': 'other'}),
    (['--noise', 'none'], {'noise': None}),
    (['--range', '1', '2'], {'range': (1.0, 2.0)}),
    (['--optional-range', '1', '2'], {'optional_range': (1.0, 2.0)}),
    (['--no-deblend'], {'deblend': False}),
    (['--fast'], {'fast': True}),
    (['--path', 'a.fits'], {'path': 'a.fits'})])
def test_each_kind_of_field(argv, expected):
    made = from_options(Settings, parse(*argv))
    assert made == Settings(**expected)
    for name, value in expected.items():
        assert type(getattr(made, name)) is type(value)


@pytest.mark.parametrize(('argv', 'match'), [
    (['--n-pixels', '7.5'], "--n-pixels: '7.5' is not a whole number"),
    (['--limit', 'deep'], "--limit: 'deep' is not a number"),
    (['--range', '1'], '--range: expected 2 arguments'),
    (['--range', '1', 'none'], "--range: 'none' is not a number"),
    (['--kind', 'round'], "--kind: invalid choice: 'round'")])
def test_wrong_values(argv, match, capsys):
    with pytest.raises(SystemExit):
        parse(*argv)
    assert match in capsys.readouterr().err


def test_some_fields_and_other_defaults():
    """An instance gives the defaults; what is absent keeps the class's."""
    arguments = parse('--limit', '3', cls=Settings(n_pixels=9, limit=1.0),
                      names=('n_pixels', 'limit', 'kind'), skip=('kind',))
    assert vars(arguments) == {'n_pixels': 9, 'limit': 3.0}
    assert from_options(Settings, arguments, fast=True) == Settings(
        n_pixels=9, limit=3.0, fast=True)


def test_help(capsys):
    with pytest.raises(SystemExit):
        parse('--help')
    text = ' '.join(capsys.readouterr().out.split())
    for part in ('--kind {smooth,rough} kind of all (smooth)',
                 '--n-pixels N_PIXELS number of pixels (5)',
                 '--limit LIMIT a limit of 5 % (2.5)',
                 '--range MIN MAX a range (0.9 1.1)',
                 '--no-deblend do not deblend', '--path FITS a file'):
        assert part in text


@pytest.mark.parametrize('model', [SourceModel, Exposure, Artifacts,
                                   FieldRanges])
def test_models_say_what_each_field_is(model):
    """Once, for the command line and for the docstring."""
    for item in fields(model):
        text = item.metadata['help']
        assert text
        assert not text.endswith('.')
        assert f'\n{item.name} : ' in model.__doc__
        assert ' '.join(model.__doc__.split()).count(
            f'{text[0].upper()}{text[1:]}.') == 1
    assert from_options(model, parse(cls=model)) == model()


def options_of(*argv):
    return build_parser().parse_args(['simulate', *argv])


def test_a_field_has_the_options_of_its_models(capsys):
    arguments = options_of('field', '9', '8', '-o', 'a.fits', '--truth',
                           't.ecsv', '--star-faint', 'none', '--gain', '2')
    assert from_options(SourceModel, arguments) == SourceModel(
        star_faint=None)
    assert from_options(Exposure, arguments) == Exposure(gain=2.0)
    assert from_options(Artifacts, arguments) == Artifacts()
    with pytest.raises(SystemExit):
        options_of('field', '--help')
    assert 'photon noise of the sources' in ' '.join(
        capsys.readouterr().out.split())


def test_stamps_keep_their_own_defaults():
    import inspect

    from blendhunter import simulate_stamps

    arguments = vars(options_of('stamps', '5', '-o', 'a.h5'))
    defaults = {name: parameter.default for name, parameter in
                inspect.signature(simulate_stamps).parameters.items()}
    shared = set(arguments) & set(defaults) - {'n', 'n_jobs'}
    assert len(shared) == 15
    assert {name: arguments[name] for name in shared} == {
        name: defaults[name] for name in shared}


def test_noise_or_none(capsys):
    command = ['stamps', '5', '-o', 'a.h5']
    assert options_of(*command).noise == 'survey'
    assert options_of(*command, '--noise', '3').noise == 3
    assert options_of(*command, '--noiseless').noise is None
    with pytest.raises(SystemExit):
        options_of(*command, '--noiseless', '--noise', '3')
    assert 'not allowed with' in capsys.readouterr().err
