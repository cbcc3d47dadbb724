# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The results in docs/results, and the commands that make them."""

from dataclasses import dataclass

__all__ = ['GIVEN', 'RESULTS', 'Result']

BENCH = 'blendhunter benchmark'
FIELD = f'{BENCH} field --size [1000|400] --regions segment --overwrite'
TREES = '--training {detections}'
REAL = '--kind realistic --cosmos-dir {cosmos}'
CAMERA = '--psf camera'
DENSE = f'{CAMERA} --density 158 --noise-factor 0.69'
BLURRED = f'{CAMERA} --seeing-factor 1.6 1.6'
PAPER = f'{BENCH} paper --cosmos-dir {{cosmos}} --scale'
IMAGENET = '--backbone {backbone} --preprocessing noise'
TABLES = '{python} {tools}/'
# options that name the data of some commands
GIVEN = {'cosmos': ('--cosmos-dir', 'a directory of real galaxies'),
         'kids': ('--kids', 'the KiDS r-band image'),
         'ntt': ('--ntt', 'the NTT image'),
         'backbone': ('--backbone', 'VGG-16 weights of ImageNet (Keras)'),
         'detections': ('--detections', 'detections.h5 of the working '
                        'directory of blendhunter train')}


@dataclass(frozen=True)
class Result:
    """
    A stored result.

    In the commands ``{name}`` is replaced by what is given, and ``[a|b]``
    by a, or by b for a trial. ``products`` are files in the working
    directory, and the folders of docs/results that they go to. ``after``
    are the results whose files the commands read. ``minutes`` are rough,
    on two cores; ``status`` are the exit statuses of a finished command.
    """

    name: str
    commands: tuple
    minutes: float
    products: tuple = ()
    after: tuple = ()
    status: tuple = (0,)

    @property
    def needs(self):
        """Return the data that the commands need, in the order of GIVEN."""
        text = ' '.join(self.commands)
        return [name for name in GIVEN if f'{{{name}}}' in text]


def benchmark(name, command, minutes, files=(), **options):
    """Return a result whose products go to a folder of its name."""
    return Result(name, (f'{command} -o {name}',), minutes, tuple(
        (f'{name}/{file}', name) for file in files), **options)


def figures(*numbers):
    """Return the products of a reproduction of the paper."""
    names = {3: 'separation', 4: 'accuracy', 5: 'realistic', 6: 'confusion'}
    return tuple(f'figure{n}-{names[n]}.png' for n in numbers)


def tables(name, command, files, after, folder=None):
    """
    Return a result that turns others into tables.

    ``files`` go to one folder, or each to the one that it is in.
    """
    def target(file):
        return folder or file.partition('/')[0]

    return Result(name, (TABLES + command,), 0.2, tuple(
        (f'{name}/{file}', target(file)) for file in files), tuple(after))


CURVES = ('curves.png', 'bins.png')
FIELDS = (
    benchmark('field-cfis', f'{FIELD} --n [12|1] {TREES} {CAMERA}', 8,
              (*CURVES, 'strip.png')),
    benchmark('field-cfis-knots', f'{FIELD} --n [12|1] {TREES} --kind knots',
              8),
    benchmark('field-dense', f'{FIELD} --n [6|1] {TREES} {DENSE}', 8),
    benchmark('field-seeing', f'{FIELD} --n [12|1] {TREES} {BLURRED}', 8),
    benchmark('field-real', f'{FIELD} --n [12|1] {TREES} {REAL}', 10),
    benchmark('field-lsst', f'{FIELD} --n [4|1] {TREES} {CAMERA} '
              '--survey lsst', 5, CURVES))
NO_TREES = f'{FIELD} --n-training 0 --n'
BOTH_NETWORKS = (
    benchmark('bench-cfis', f'{NO_TREES} [12|1] {CAMERA}', 8),
    benchmark('bench-knots', f'{NO_TREES} [12|1] --kind knots', 8),
    benchmark('bench-dense', f'{NO_TREES} [6|1] {DENSE}', 8),
    benchmark('bench-seeing', f'{NO_TREES} [12|1] {BLURRED}', 8),
    benchmark('bench-real', f'{NO_TREES} [12|1] {REAL}', 10),
    benchmark('bench-lsst', f'{NO_TREES} [4|1] {CAMERA} --survey lsst', 5),
    Result('fast-stamps', (
        f'{BENCH} stamps --weights fast --n [2000|40] --cosmos-dir {{cosmos}}'
        ' --detectors --overwrite -o fast-stamps.ecsv',), 5))
STAMPS = Result('stamps', (
    f'{BENCH} stamps --n [2000|40] --cosmos-dir {{cosmos}} --detectors sep '
    '--worst worst.png --overwrite -o stamps.ecsv',), 20,
    (('worst.png', 'stamps'),))
IMAGES = (
    benchmark('inject-kids', f'{BENCH} inject {{kids}} --rounds [8|1] '
              f'{TREES} --overwrite', 10,
              ('completeness.png', 'strip.png')),
    benchmark('singles-kids', f'{BENCH} singles {{kids}} --overwrite', 1,
              ('scores.rst', 'singles.png', 'strip.png')),
    benchmark('singles-ntt', f'{BENCH} singles {{ntt}} --overwrite', 1,
              ('scores.rst', 'singles.png', 'strip.png')))
SETS = '--n [6|1] --size [1000|400] --cosmos-dir {cosmos} --overwrite'
CALIBRATION = f'{BENCH} calibration {SETS} --n-stamps [2000|100]'
TRUST = (
    benchmark('fit', f'{CALIBRATION} --seed 8001', 30),
    benchmark('calibration', f'{CALIBRATION} --fit fit/samples.ecsv', 30,
              after=('fit',)),
    Result('domain', (f'{BENCH} domain --n [8|1] --overwrite '
                      '-o domain.ecsv',), 8),
    Result('companions', (f'{BENCH} companions {SETS} -o companions.ecsv',),
           15))
TILES = f'{BENCH} speed --tiles [8|2] --workers 2 --overwrite'
SPEED = Result('speed', (
    f'{BENCH} speed {{kids}} --overwrite -o kids.json',
    f'{BENCH} speed {{kids}} --weights fast --overwrite -o kids-fast.json',
    f'{TILES} -o workers.json', f'{TILES} --screen off -o workers-off.json',
    f'{TILES} --weights fast -o workers-fast.json',
    f'{BENCH} memory --sizes [2000|500] [4000|800] [6000|1000] [10000|1200]'
    ' --overwrite -o memory.json'), 30)
PAPERS = (
    benchmark('paper-small', f'{BENCH} paper --scale small', 8,
              figures(3)),
    benchmark('paper-medium', f'{PAPER} [medium|small]', 40,
              figures(3, 4, 5, 6)),
    benchmark('paper-imagenet-noise', f'{PAPER} [medium|small] {IMAGENET}',
              60, figures(3, 4, 5, 6)),
    benchmark('paper-blocks', f'{PAPER} small --compare-blocks {IMAGENET}',
              60, ('blocks.rst',)))
ADAPT = Result('adapt-kids', (
    'blendhunter adapt {kids} --pixel-scale 0.2 --injections --overwrite '
    '--n-detections [20000|400] -o kids.h5',), 40,
    (('adapt-kids.txt', 'adapt-kids'),), status=(0, 1))
OF_ALL_WEIGHTS = ('stamps', 'fields', 'singles', 'injected')
MODEL_TABLES = (
    *OF_ALL_WEIGHTS, *(f'{name}-weights' for name in OF_ALL_WEIGHTS),
    'field-sets', 'stamps-sep', 'stamps-detectors', 'stamps-changed',
    'methods-auc', 'methods-purity80', 'methods-resolvable',
    'methods-reject30', 'aims', 'commands')
SCORED = (*(result.name for result in FIELDS), 'inject-kids')
PAPER_TABLES = tuple(f'{name}.rst' for name in (
    'parametric-accuracy', 'parametric-close', 'parametric-tnr',
    'parametric-no-truth', 'realistic', 'realistic-others'))


def paper_tables(name):
    """Return the result that makes the tables of a reproduction."""
    return tables(f'tables-{name}',
                  f'paper_tables.py {name}/summary.ecsv tables-{name}',
                  PAPER_TABLES, [name], folder=name)


RESULTS = (
    STAMPS, *FIELDS, *IMAGES, *BOTH_NETWORKS, *TRUST, SPEED, *PAPERS, ADAPT,
    tables('tables-model', 'result_tables.py . tables-model',
           [*(f'model/{name}.rst' for name in MODEL_TABLES),
            *(f'{name}/scores.rst' for name in SCORED)],
           [result.name for result in (STAMPS, *FIELDS, *IMAGES)]),
    tables('tables-screening', 'screening_tables.py . tables-screening',
           ('fast-fields.rst', 'fast-stamps.rst'),
           [result.name for result in BOTH_NETWORKS], folder='model'),
    tables('tables-trust', 'trust_tables.py calibration domain.ecsv '
           'companions.ecsv tables-trust',
           ('calibration.rst', 'calibration-own.rst',
            'calibration-means.rst', 'fractions.rst', 'domain.rst',
            'companions.rst', 'reliability.png'),
           [result.name for result in TRUST], folder='trust'),
    paper_tables('paper-medium'), paper_tables('paper-imagenet-noise'),
    tables('tables-speed', 'speed_tables.py . tables-speed',
           ('steps.rst', 'workers.rst', 'memory.rst'), ['speed'],
           folder='speed'))
