# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The public names and their signatures: they change on purpose only."""

NAMES = {
    'blendhunter': {
        'BlendIdentifier': (
            "(weights='default', *, region='segment', threshold=0.5, "
            "prior=None, batch_size=256, precision='auto', n_views=1, "
            "screen='auto', companions=False)"),
        'BlendIdentifier.apply_threshold': '(result, threshold)',
        'BlendIdentifier.classify': (
            '(self, image, catalog=None, *, segmentation=None, '
            "mask=None, noise=None, background='auto', wcs=None, "
            'ext=None, columns=None, sky=None, pixel_origin=None, '
            'chip=None, settings=None, detector=None, tile_size=4096, '
            'overwrite=False, return_segmentation=False, '
            'progress=False)'),
        'BlendIdentifier.get_params': '(self, deep=True)',
        'BlendIdentifier.load_model': '(self)',
        'BlendIdentifier.predict_stamps': (
            '(self, stamps, *, regions=None, noise=None)'),
        'BlendIdentifier.set_params': '(self, **params)',
        'DetectedImage': (
            '(image, catalog, x, y, settings, labels, '
            'given_segmentation)'),
        'DetectedImage.from_background_subtracted': (
            '(cls, image, settings=None)'),
        'DetectedImage.from_image': (
            '(cls, image, catalog=None, *, segmentation=None, '
            "mask=None, noise=None, background='auto', settings=None, "
            'wcs=None, ext=None, columns=None, sky=None, '
            'pixel_origin=None, chip=None)'),
        'DetectedImage.from_segmentation': (
            '(cls, image, segmentation, settings)'),
        'DetectedImage.mask': 'property',
        'DetectedImage.noise': 'property',
        'DetectedImage.noise_kind': 'property',
        'DetectedImage.parts': '(self)',
        'DetectedImage.pixels': 'property',
        'DetectedImage.segmentation': 'property',
        'DetectedImage.segments': 'property',
        'DetectedImage.select': '(self, rows)',
        'DetectedImage.stamps': "(self, rows=None, region='segment')",
        'DetectedImage.unit': 'property',
        'DetectedImage.wcs': 'property',
        'DetectionSettings': (
            '(method, n_sigma, n_pixels, deblend, n_levels, contrast)'),
        'DetectionSettings.from_meta': '(cls, meta)',
        'DetectionSettings.to_meta': '(self)',
        '__citation__': 'str',
        '__version__': 'str',
        'adapt': (
            "(images, *, output, weights='default', pixel_scale=None, "
            "ext=None, detector='sep', n_sigma=1.5, "
            'n_detections=20000, shape=(1000, 1000), injections=False, '
            "force=False, precision='auto', rng=0, n_jobs=1, "
            "command='', overwrite=False, progress=False)"),
        'choose_threshold': (
            '(result, *, purity=None, completeness=None, flagged=None)'),
        'decode_blend_flags': '(flags, return_bit_values=False)',
        'detect': (
            "(image, *, method='sep', n_sigma=1.5, n_pixels=5, "
            'deblend=True, n_levels=32, contrast=0.005, mask=None, '
            "noise=None, background='auto', ext=None, tile_size=4096, "
            'return_segmentation=False)'),
        'evaluate_cut': '(result, threshold)',
        'expected_blends': '(result)',
        'explain': '(image, catalog, row, *, identifier=None)',
        'extract_stamps': (
            '(image, positions, *, segmentation=None, labels=None, '
            'mask=None, noise=None, ext=None, size=51)'),
        'list_weights': '()',
        'load_model': "(weights='default', *, precision='auto')",
        'simulate_detections': (
            "(n_fields, *, shape=(1500, 1500), survey='cfis', "
            "kind='structured', cosmos_dir=None, ranges=None, "
            "detectors=('sep',), artifacts=None, min_flux_ratio=0.01, "
            'keep_unclear=False, rng=None, n_jobs=1, work_dir=None, '
            'progress=False)'),
        'simulate_field': (
            "(shape, *, survey='cfis', sources=None, exposure=None, "
            'rng=None, n_jobs=1, work_dir=None, progress=False)'),
        'simulate_stamps': (
            "(n, *, survey='cfis', kind='parametric', "
            'blend_fraction=0.5, n_max_sources=2, star_fraction=0.0, '
            'separation=None, magnitude_difference=None, bright=19.0, '
            'faint=25.2, psf=None, seeing_range=(1.0, 1.0), '
            "group_size=1, noise='survey', noise_correlation=0.0, "
            "centering='pipeline', artifacts=None, cosmos_dir=None, "
            'rng=None, n_jobs=1, work_dir=None, progress=False)'),
        'train': (
            '(*, output, pairs=None, detections=None, n_steps=1600, '
            'batch_size=128, learning_rate=0.00015, '
            'weight_decay=0.001, dropout=0.3, weights=None, '
            "backbone=None, importance=False, precision='auto', rng=0, "
            'checkpoint=None, checkpoint_seconds=180, '
            'max_seconds=None, snapshot_seconds=None, n_jobs=1, '
            "command='', overwrite=False, progress=False)")},
    'blendhunter.adaptation': {
        'AdaptationReport': (
            '(conditions, scores, gained, written, path, seconds, '
            'fractions, losses, mean_star, singles, injections, '
            'reasons)'),
        'SurveyConditions': (
            '(pixel_scale, noise, unit, noise_correlation, seeing, '
            'seeing_range, asymmetry, n_stars, density, faint_flux, '
            'detector, n_sigma, n_images, depth, galaxy_density)'),
        'SurveyConditions.ranges': '(self, *, companions=0.0)',
        'SurveyConditions.survey': '(self)',
        'SurveyConditions.to_meta': '(self)',
        'adapt': (
            "(images, *, output, weights='default', pixel_scale=None, "
            "ext=None, detector='sep', n_sigma=1.5, "
            'n_detections=20000, shape=(1000, 1000), injections=False, '
            "force=False, precision='auto', rng=0, n_jobs=1, "
            "command='', overwrite=False, progress=False)")},
    'blendhunter.benchmark': {
        'STAMP_SETS': 'tuple',
        'SinglesResult': '(sources, scores, detected)',
        'StampSpec': '(kind, sigma, blend_fraction, varied, psf)',
        'StampSpec.name': 'property',
        'evaluate_companions': (
            "(weights='default', *, n_fields=6, shape=(1000, 1000), "
            "cosmos_dir=None, precision='auto', rng=0, n_jobs=1, "
            'progress=False)'),
        'evaluate_detectors': (
            '(n=8000, *, sigmas=(5.0, 14.0, 26.0, 35.0), '
            "methods=('sep', 'photutils'), centering='exact', "
            "kind='parametric', cosmos_dir=None, rng=3001, n_jobs=1, "
            'progress=False)'),
        'evaluate_domain': (
            "(identifier, *, n_images=8, kinds=('clean', 'saturated "
            "stars', 'satellite trails', 'cosmic rays', 'ghosts', "
            "'pieces of large galaxies', 'half the seeing', 'twice the "
            "seeing', 'noise too small', 'noise too large', 'pure "
            "noise'), survey='cfis', shape=(600, 600), "
            'ranges=FieldRanges(density=(90.0, 90.0), clustering=(0.0, '
            '0.0), bright=(18.0, 18.0), star_fraction=(0.05, 0.05), '
            'companions=(0.0, 0.0), noise=(1.0, 1.0), '
            'noise_correlation=(0.0, 0.0), seeing_factor=(0.9, 1.1), '
            'psf_variation=(0.0, 0.0), spikes=(0.0, 0.0), wings=(0.0, '
            '0.0), saturation=None, gain=None, n_sigma=(1.5, 1.5), '
            'coma=(0.0, 0.0), trefoil=(0.0, 0.0), astigmatism=(0.0, '
            '0.0), drift=(0.0, 0.0), brighter_fatter=(0.0, 0.0), '
            'bleed=(0.0, 0.0), mask_saturated=1.0, resampling=0.0), '
            'rng=0, progress=False)'),
        'evaluate_image': '(result)',
        'evaluate_memory': (
            '(identifier, sizes, *, tile_size=4096, density=200.0, '
            'rng=0, progress=False)'),
        'evaluate_singles': (
            '(identifier, image, catalog=None, *, isolation=12.0, '
            'progress=False)'),
        'evaluate_speed': '(identifier, image, *, ext=None)',
        'evaluate_stamps': (
            '(identifier, n=8000, *, '
            "sets=(StampSpec(kind='parametric', sigma=5.0, "
            'blend_fraction=0.5, varied=False, psf=None), '
            "StampSpec(kind='parametric', sigma=14.5, "
            'blend_fraction=0.5, varied=False, psf=None), '
            "StampSpec(kind='parametric', sigma=35.0, "
            'blend_fraction=0.5, varied=False, psf=None), '
            "StampSpec(kind='structured', sigma=14.5, "
            'blend_fraction=0.5, varied=True, psf=None), '
            "StampSpec(kind='realistic', sigma=14.5, "
            'blend_fraction=0.5, varied=False, psf=None), '
            "StampSpec(kind='stars', sigma=14.5, blend_fraction=0.0, "
            "varied=False, psf=None), StampSpec(kind='knots', "
            'sigma=14.5, blend_fraction=0.5, varied=False, psf=None), '
            "StampSpec(kind='structured', sigma=14.5, "
            "blend_fraction=0.5, varied=False, psf='camera'), "
            "StampSpec(kind='stars', sigma=14.5, blend_fraction=0.0, "
            "varied=False, psf='camera')), cosmos_dir=None, "
            "detectors=('sep', 'photutils'), centering='sep', "
            'rng=4001, n_jobs=1, examine=None, progress=False)'),
        'evaluate_workers': (
            '(identifier, n_tiles, workers, *, shape=(1500, 1500), '
            'rng=0)'),
        'label_by_detection': (
            '(stamps, *, noise, positions=None, settings=None, '
            'n_jobs=1, progress=False)'),
        'oracle_rule': '(x, y, merged, positions)',
        'truth_free_rule': '(x, merged)'},
    'blendhunter.benchmark.calibration': {
        'FIELD_SETS': 'tuple',
        'add_own': '(table, own, names)',
        'calibrate_sets': '(samples, others)',
        'calibrate_weights': (
            '(weights, tables, *, output=None, overwrite=False)'),
        'calibration_samples': (
            '(identifier, *, n_fields=6, n_stamps=2000, '
            'cosmos_dir=None, shape=(1000, 1000), rng=0, n_jobs=1, '
            'progress=False)'),
        'calibration_scores': '(samples, *, rng=0)',
        'estimate_priors': (
            '(samples, *, fractions=(0.03, 0.07, 0.15, 0.3), rng=0)'),
        'reliability_curves': '(samples)',
        'samples_of_detections': "(detections, metadata, name='detections')"},
    'blendhunter.benchmark.field': {
        'calibrate_screening': (
            '(weights, tables, *, output=None, overwrite=False)'),
        'compare_catalogs': (
            '(catalogs, truth, *, columns=None, positions=None, '
            'truth_columns=None, segmentation=None, radius=2.0, '
            'wcs=None, mag_limit=None, mag_column=None, '
            'min_flux_ratio=0.01)'),
        'compare_screening': '(tables, region, limit)',
        'evaluate_field': (
            "(image, truth, identifier, *, regions=('segment', "
            "'stamp'), truth_columns=None, mag_limit=None, "
            'mag_column=None, min_flux_ratio=0.01, trees=None)'),
        'evaluate_survey': (
            '(survey, identifier, n_fields, *, ranges=None, '
            "shape=(1500, 1500), kind='structured', cosmos_dir=None, "
            "regions=('segment', 'stamp'), settings=None, "
            'min_flux_ratio=0.01, trees=None, rng=0, n_jobs=1, '
            'progress=False)'),
        'field_bins': '(detections, *, n_samples=60)',
        'field_curves': '(detections)',
        'field_scores': '(detections, *, n_samples=100)',
        'prepare_truth': (
            '(truth, *, wcs=None, columns=None, mag_limit=None, '
            'mag_column=None)'),
        'train_on_survey': (
            '(survey, n_fields, *, ranges=None, shape=(1500, 1500), '
            "kind='structured', cosmos_dir=None, settings=None, "
            'min_flux_ratio=0.01, rng=0, n_jobs=1, progress=False)')},
    'blendhunter.benchmark.injection': {
        'evaluate_injections': (
            '(image, identifier, *, training=None, rounds=6, rng=0, '
            'progress=False)'),
        'injection_bins': '(injections)',
        'injection_scores': '(injections)'},
    'blendhunter.benchmark.metrics': {
        'accuracy': '(flagged, blended)',
        'area_under_roc': '(score, blended)',
        'bootstrap_error': '(statistic, *arrays, n_samples=200, rng=0)',
        'calibration_error': '(probability, blended, *, n_bins=10)',
        'clustered_error': '(values, groups)',
        'completeness': '(flagged, blended)',
        'completeness_at_false_positives': '(score, blended, fraction)',
        'completeness_at_purity': '(score, blended, wanted)',
        'completeness_at_rejection': '(score, blended, rejected)',
        'proportion_error': '(fraction, n)',
        'purity': '(flagged, blended)'},
    'blendhunter.benchmark.paper': {
        'SCALES': 'dict',
        'Scale': '(name, n_stamps, sigmas, n_realizations, n_realistic)',
        'compare_blocks': (
            "(directory, *, backbone='imagenet', scale='small', "
            'preprocessing=None, cosmos_dir=None, rng=0, n_jobs=1, '
            "precision='auto', epochs=500, tuning_epochs=8, "
            "features_dir=None, progress=False, command='')"),
        'estimate_time': (
            "(scale='small', *, backbone='default', "
            'preprocessing=None, cosmos_dir=None, n_jobs=1, '
            "precision='auto')"),
        'reproduce_paper': (
            "(directory, *, scale='small', backbone='default', "
            'preprocessing=None, cosmos_dir=None, rng=0, n_jobs=1, '
            "precision='auto', epochs=500, weights='default', "
            "features_dir=None, progress=False, command='')"),
        'train_transfer': (
            '(stamps, labels, *, output, noise, backbone=None, '
            'preprocessing=None, epochs=500, batch_size=250, '
            "precision='auto', rng=0, command='', work_dir=None, "
            'overwrite=False, progress=False)')},
    'blendhunter.catalogs': {
        'as_table': '(catalog, *, chip=None)',
        'catalog_labels': '(table)',
        'catalog_positions': (
            '(table, *, wcs=None, columns=None, sky=None, '
            'pixel_origin=None)'),
        'plain_values': '(column)',
        'read_catalog': '(path, *, chip=None)'},
    'blendhunter.dataset': {
        'DataSet': '(arrays, truth, provenance)',
        'join_datasets': '(datasets, counter)',
        'read_dataset': '(path)',
        'write_dataset': '(path, dataset)'},
    'blendhunter.detection': {
        'BackgroundSubtractedImage': (
            '(data, mask, noise, scale, noise_kind, unit, given_wcs)'),
        'BackgroundSubtractedImage.normalized': 'property',
        'BackgroundSubtractedImage.wcs': 'property',
        'DetectedImage': (
            '(image, catalog, x, y, settings, labels, '
            'given_segmentation)'),
        'DetectedImage.from_background_subtracted': (
            '(cls, image, settings=None)'),
        'DetectedImage.from_image': (
            '(cls, image, catalog=None, *, segmentation=None, '
            "mask=None, noise=None, background='auto', settings=None, "
            'wcs=None, ext=None, columns=None, sky=None, '
            'pixel_origin=None, chip=None)'),
        'DetectedImage.from_segmentation': (
            '(cls, image, segmentation, settings)'),
        'DetectedImage.mask': 'property',
        'DetectedImage.noise': 'property',
        'DetectedImage.noise_kind': 'property',
        'DetectedImage.parts': '(self)',
        'DetectedImage.pixels': 'property',
        'DetectedImage.segmentation': 'property',
        'DetectedImage.segments': 'property',
        'DetectedImage.select': '(self, rows)',
        'DetectedImage.stamps': "(self, rows=None, region='segment')",
        'DetectedImage.unit': 'property',
        'DetectedImage.wcs': 'property',
        'DetectionSettings': (
            '(method, n_sigma, n_pixels, deblend, n_levels, contrast)'),
        'DetectionSettings.from_meta': '(cls, meta)',
        'DetectionSettings.to_meta': '(self)',
        'detect': (
            "(image, *, method='sep', n_sigma=1.5, n_pixels=5, "
            'deblend=True, n_levels=32, contrast=0.005, mask=None, '
            "noise=None, background='auto', ext=None, tile_size=4096, "
            'return_segmentation=False)'),
        'subtract_background': (
            '(image, *, mask=None, noise=None, wcs=None, ext=None, '
            "background='auto', method='sep')")},
    'blendhunter.exceptions': {
        'BlendHunterError': 'exception from Exception',
        'BlendHunterWarning': 'exception from AstropyUserWarning',
        'DataSetError': 'exception from BlendHunterError',
        'NoDetectionsWarning': 'exception from BlendHunterWarning',
        'WeightsError': 'exception from BlendHunterError'},
    'blendhunter.explanation': {
        'Explanation': (
            '(row, x, y, probability, flags, stamp, region, residuals, '
            'companion_map, companion, occlusion)'),
        'Explanation.plot': '(self)',
        'explain': '(image, catalog, row, *, identifier=None)'},
    'blendhunter.identify': {
        'BlendIdentifier': (
            "(weights='default', *, region='segment', threshold=0.5, "
            "prior=None, batch_size=256, precision='auto', n_views=1, "
            "screen='auto', companions=False)"),
        'BlendIdentifier.apply_threshold': '(result, threshold)',
        'BlendIdentifier.classify': (
            '(self, image, catalog=None, *, segmentation=None, '
            "mask=None, noise=None, background='auto', wcs=None, "
            'ext=None, columns=None, sky=None, pixel_origin=None, '
            'chip=None, settings=None, detector=None, tile_size=4096, '
            'overwrite=False, return_segmentation=False, '
            'progress=False)'),
        'BlendIdentifier.get_params': '(self, deep=True)',
        'BlendIdentifier.load_model': '(self)',
        'BlendIdentifier.predict_stamps': (
            '(self, stamps, *, regions=None, noise=None)'),
        'BlendIdentifier.set_params': '(self, **params)'},
    'blendhunter.images': {
        'AcceptedImage': '(data, mask, noise, unit, given_wcs)',
        'AcceptedImage.wcs': 'property',
        'accept_image': (
            '(image, *, mask=None, noise=None, wcs=None, ext=None)'),
        'accept_segmentation': "(segmentation, shape, *, name='segmentation')",
        'read_array': '(path, name)',
        'read_planes': '(path, *, ext=None, mask_bits=None)'},
    'blendhunter.network': {
        'BlendModel': '(network, metadata, extended)',
        'BlendModel.answer': (
            '(self, stamps, regions, noise=1.0, *, batch_size=256, '
            'n_views=1, locate=False)'),
        'BlendModel.calibration_scatter': '(self, region)',
        'BlendModel.is_calibrated': '(self, region)',
        'BlendModel.knows_domain': 'property',
        'BlendModel.locates': 'property',
        'BlendModel.predict': (
            '(self, stamps, regions, noise=1.0, *, batch_size=256, '
            'n_views=1)'),
        'BlendModel.prior_fractions': '(self, region, prior=None)',
        'BlendModel.raw': '(self, reported, region, prior=None)',
        'BlendModel.regions': 'property',
        'BlendModel.report': '(self, raw, region, prior=None)',
        'BlendModel.slope': '(self, region)',
        'BlendModel.unusual_limit': '(self, region)',
        'list_weights': '()',
        'load_model': "(weights='default', *, precision='auto')"},
    'blendhunter.plotting': {
        'check_figure_path': "(path, *, overwrite=False, name='plot')",
        'plot_accuracy': "(table, *, title='')",
        'plot_confusion': "(table, *, title='')",
        'plot_contact_sheet': '(stamps, *, noise=None, marks=None, across=25)',
        'plot_explanation': '(explanation)',
        'plot_features': "(table, *, title='')",
        'plot_field': '(image, result, *, rows=None, title=None)',
        'plot_field_bins': '(bins, *, methods=None)',
        'plot_field_curves': '(curves)',
        'plot_injections': '(bins)',
        'plot_probabilities': '(result, *, threshold=None)',
        'plot_realistic': "(table, *, title='')",
        'plot_reliability': '(curves)',
        'plot_result': '(detected, result, *, title=None)',
        'plot_separation': "(table, *, title='')",
        'plot_singles': '(sources, *, threshold=0.5)',
        'plot_stamps': (
            '(image, result, *, rows=None, n_across=8, title=None)'),
        'plot_worst_singles': '(detected, sources, rows)',
        'save_figure': '(figure, path)',
        'write_ds9_regions': '(path, detected, result)'},
    'blendhunter.reports': {
        'check_report_path': "(path, *, overwrite=False, name='report')",
        'write_report': '(path, image, result, *, title=None)'},
    'blendhunter.selection': {
        'SampleCut': (
            '(threshold, purity, purity_error, completeness, '
            'completeness_error, flagged, flagged_error, n, n_flagged, '
            'n_blends, n_blends_error, source)'),
        'choose_threshold': (
            '(result, *, purity=None, completeness=None, flagged=None)'),
        'evaluate_cut': '(result, threshold)',
        'expected_blends': '(result)'},
    'blendhunter.simulation': {
        'Artifacts': (
            '(bad_pixels, bad_columns, cosmic_rays, trails, '
            'residual_background, masked)'),
        'Artifacts.draw': '(self, shape, noise, rng)',
        'CameraPSF': '(seeing, coma, trefoil, astigmatism, drift)',
        'CameraPSF.draw': '(self, rng, *, seeing_factor=1.0)',
        'CameraPSF.draw_grid': '(self, rng, n_nodes, *, seeing_factor=1.0)',
        'Exposure': (
            '(psf, seeing_factor, psf_variation, coma, trefoil, '
            'astigmatism, drift, brighter_fatter, noise, '
            'noise_correlation, gain, saturation, mask_saturated, '
            'bleed, resampling, spikes, wings, artifacts)'),
        'FieldRanges': (
            '(density, clustering, bright, star_fraction, companions, '
            'noise, noise_correlation, seeing_factor, psf_variation, '
            'spikes, wings, saturation, gain, n_sigma, coma, trefoil, '
            'astigmatism, drift, brighter_fatter, bleed, '
            'mask_saturated, resampling)'),
        'FieldRanges.draw': (
            "(self, rng, survey='cfis', *, kind='structured', "
            'cosmos_dir=None, artifacts=None)'),
        'LogUniform': '(low, high)',
        'PaperPSF': '(seeing)',
        'PaperPSF.draw': '(self, rng, *, seeing_factor=1.0)',
        'ParametricPopulation': '(*, bright=19.0, faint=25.2)',
        'ParametricPopulation.draw': '(self, n, rng, *, magnitude=None)',
        'ParametricPopulation.render': '(self, row)',
        'SourceModel': (
            '(kind, cosmos_dir, density, bright, faint, clustering, '
            'star_fraction, star_bright, star_faint, companions)'),
        'SourceModel.draw': '(self, shape, survey, rng)',
        'SourceModel.population': 'property',
        'StampSet': (
            '(centrals, companions, truth, noise, noise_seed, '
            'provenance, noise_correlation, unit_noise, extra, masks)'),
        'StampSet.stamps': 'property',
        'StampSet.to_dataset': "(self, *, role='stamps')",
        'StampSet.with_noise': '(self, sigma, *, rng=None)',
        'Survey': '(name, pixel_scale, seeing, noise, zero_point)',
        'Survey.counts': '(self, magnitude)',
        'Survey.depth': '(self, snr, *, noise=None, seeing_factor=1.0)',
        'available_surveys': '()',
        'get_survey': '(survey)',
        'simulate_detections': (
            "(n_fields, *, shape=(1500, 1500), survey='cfis', "
            "kind='structured', cosmos_dir=None, ranges=None, "
            "detectors=('sep',), artifacts=None, min_flux_ratio=0.01, "
            'keep_unclear=False, rng=None, n_jobs=1, work_dir=None, '
            'progress=False)'),
        'simulate_field': (
            "(shape, *, survey='cfis', sources=None, exposure=None, "
            'rng=None, n_jobs=1, work_dir=None, progress=False)'),
        'simulate_stamps': (
            "(n, *, survey='cfis', kind='parametric', "
            'blend_fraction=0.5, n_max_sources=2, star_fraction=0.0, '
            'separation=None, magnitude_difference=None, bright=19.0, '
            'faint=25.2, psf=None, seeing_range=(1.0, 1.0), '
            "group_size=1, noise='survey', noise_correlation=0.0, "
            "centering='pipeline', artifacts=None, cosmos_dir=None, "
            'rng=None, n_jobs=1, work_dir=None, progress=False)')},
    'blendhunter.stamps': {
        'BlendFlag': (
            '(value, names=None, *, module=None, qualname=None, '
            'type=None, start=1, boundary=None)'),
        'STAMP_SIZE': 'int',
        'Segments': '(image, labels, disc_radius)',
        'Stamps': '(data, regions, flags)',
        'assign_segments': '(segmentation, x, y, *, labels=None, divide=True)',
        'cut_stamps': (
            '(data, x, y, *, mask=None, noise=None, segments=None, '
            'rows=None, size=51)'),
        'decode_blend_flags': '(flags, return_bit_values=False)',
        'extract_stamps': (
            '(image, positions, *, segmentation=None, labels=None, '
            'mask=None, noise=None, ext=None, size=51)')},
    'blendhunter.survey': {
        'classify_images': (
            '(images, output_dir, *, identifier=None, executor=None, '
            "format='parquet', settings=None, background='auto', "
            'tile_size=4096, overwrite=False, retries=1, '
            'progress=False)'),
        'dask_executor': '(address)',
        'process_executor': '(workers, *, n_threads=None)',
        'survey_status': '(output_dir)'},
    'blendhunter.training': {
        'complete': (
            "(*, output, weights='default', pairs=None, "
            'detections=None, unusual, n_batches=50, batch_size=128, '
            "precision='auto', rng=0, n_jobs=1, command='', "
            'overwrite=False, progress=False)'),
        'distill': (
            '(*, output, pairs=None, detections=None, '
            "teacher='default', n_batches=1200, n_epochs=5, "
            'batch_size=128, learning_rate=0.001, weight_decay=0.001, '
            "dropout=0.1, precision='auto', rng=0, checkpoint=None, "
            "n_jobs=1, command='', overwrite=False, progress=False)"),
        'train': (
            '(*, output, pairs=None, detections=None, n_steps=1600, '
            'batch_size=128, learning_rate=0.00015, '
            'weight_decay=0.001, dropout=0.3, weights=None, '
            "backbone=None, importance=False, precision='auto', rng=0, "
            'checkpoint=None, checkpoint_seconds=180, '
            'max_seconds=None, snapshot_seconds=None, n_jobs=1, '
            "command='', overwrite=False, progress=False)")},
    'blendhunter.truth': {
        'BLEND': 'int',
        'CLOSE': 'float',
        'SINGLE': 'int',
        'SNR_BLEND': 'float',
        'SNR_SINGLE': 'float',
        'UNCLEAR': 'int',
        'blendedness': "(isolated, total, *, norm='source')",
        'detection_outcomes': (
            '(segmentation, detections, labels, truth, *, '
            'min_flux_ratio=0.01)'),
        'label_segments': (
            '(segmentation, detections, truth, *, min_flux_ratio=0.01)'),
        'marginalized_snr': '(snr, separation, seeing)'}}

COLUMNS = {
    'detect': {
        'label': 'i', 'x_centroid': 'f', 'y_centroid': 'f', 'ra': 'f',
        'dec': 'f', 'flux': 'f', 'semimajor_axis': 'f', 'semiminor_axis': 'f',
        'orientation': 'f', 'n_pixels': 'i', 'flag': 'i', 'snr': 'f'},
    'simulate_field': {
        'magnitude': 'f', 'half_light_radius': 'f', 'sersic_index': 'f',
        'axis_ratio': 'f', 'position_angle': 'f', 'bulge_fraction': 'f',
        'knot_fraction': 'f', 'n_knots': 'i', 'is_star': 'b', 'index': 'i',
        'x': 'f', 'y': 'f', 'flux': 'f', 'snr': 'f', 'blendedness': 'f',
        'neighbor_separation': 'f', 'group_id': 'i', 'group_snr': 'f',
        'ra': 'f', 'dec': 'f'},
    'classify': {
        'label': 'i', 'x_centroid': 'f', 'y_centroid': 'f', 'ra': 'f',
        'dec': 'f', 'flux': 'f', 'semimajor_axis': 'f', 'semiminor_axis': 'f',
        'orientation': 'f', 'n_pixels': 'i', 'flag': 'i', 'snr': 'f',
        'blend_prob': 'f', 'is_blend': 'b', 'blend_flags': 'i',
        'n_neighbors': 'i'},
    'simulate_stamps': {
        'label': 'i', 'n_sources': 'i', 'magnitude': 'f',
        'half_light_radius': 'f', 'sersic_index': 'f', 'axis_ratio': 'f',
        'position_angle': 'f', 'bulge_fraction': 'f', 'knot_fraction': 'f',
        'n_knots': 'i', 'is_star': 'b', 'index': 'i', 'x': 'f', 'y': 'f',
        'flux': 'f', 'magnitude_2': 'f', 'half_light_radius_2': 'f',
        'sersic_index_2': 'f', 'axis_ratio_2': 'f', 'position_angle_2': 'f',
        'bulge_fraction_2': 'f', 'knot_fraction_2': 'f', 'n_knots_2': 'f',
        'is_star_2': 'b', 'index_2': 'f', 'x_2': 'f', 'y_2': 'f',
        'flux_2': 'f', 'separation': 'f', 'flux_ratio': 'f',
        'magnitude_difference': 'f', 'blendedness': 'f', 'snr': 'f',
        'companion_snr': 'f', 'total_snr': 'f', 'seeing_factor': 'f',
        'group': 'i'},
    'simulate_detections': {
        'field': 'i', 'label': 'i', 'x_centroid': 'f', 'y_centroid': 'f',
        'flux': 'f', 'semimajor_axis': 'f', 'semiminor_axis': 'f',
        'orientation': 'f', 'n_pixels': 'i', 'flag': 'i', 'snr': 'f',
        'truth_label': 'i', 'n_sources': 'i', 'separation': 'f',
        'companion_snr': 'f', 'stamp_label': 'i', 'x_1': 'f', 'y_1': 'f',
        'snr_1': 'f', 'magnitude_1': 'f', 'x_2': 'f', 'y_2': 'f',
        'snr_2': 'f', 'magnitude_2': 'f', 'field_photutils': 'b',
        'field_density': 'f', 'field_clustering': 'f', 'field_bright': 'f',
        'field_star_fraction': 'f', 'field_companions': 'f',
        'field_noise': 'f', 'field_noise_correlation': 'f',
        'field_seeing_factor': 'f', 'field_psf_variation': 'f',
        'field_spikes': 'f', 'field_wings': 'f', 'field_saturation': 'f',
        'field_gain': 'f', 'field_n_sigma': 'f', 'field_coma': 'f',
        'field_trefoil': 'f', 'field_astigmatism': 'f', 'field_drift': 'f',
        'field_brighter_fatter': 'f', 'field_bleed': 'f',
        'field_mask_saturated': 'f', 'field_resampling': 'f',
        'field_seeing': 'f'},
    'evaluate_field': {
        'label': 'i', 'x_centroid': 'f', 'y_centroid': 'f', 'n_pixels': 'i',
        'semimajor_axis': 'f', 'semiminor_axis': 'f', 'orientation': 'f',
        'flux': 'f', 'snr': 'f', 'flag': 'i', 'truth_label': 'i',
        'n_sources': 'i', 'separation': 'f', 'companion_snr': 'f',
        'outcome': 'U', 'magnitude_difference': 'f', 'stamp_label': 'i',
        'score: network': 'f', 'score: network, whole stamp': 'f',
        'score: area x a/b': 'f', 'score: area': 'f', 'score: a/b': 'f',
        'score: flag': 'f', 'score: photutils split': 'f'},
    'field_scores': {
        'method': 'U', 'n': 'i', 'n_blends': 'i', 'auc': 'f',
        'auc_error': 'f', 'completeness_purity50': 'f',
        'completeness_purity50_error': 'f', 'completeness_purity80': 'f',
        'completeness_purity80_error': 'f', 'completeness_purity90': 'f',
        'completeness_purity90_error': 'f', 'completeness_reject10': 'f',
        'completeness_reject10_error': 'f', 'completeness_reject30': 'f',
        'completeness_reject30_error': 'f', 'resolvable': 'f',
        'resolvable_error': 'f', 'stamp_auc': 'f', 'stamp_accuracy': 'f'},
    'field_bins': {
        'method': 'U', 'working_point': 'U', 'quantity': 'U', 'low': 'f',
        'high': 'f', 'completeness': 'f', 'completeness_error': 'f',
        'purity': 'f', 'purity_error': 'f', 'n_blends': 'i', 'n_flagged': 'f'},
    'field_curves': {
        'method': 'U', 'false_positives': 'f', 'completeness': 'f',
        'purity': 'f'},
}
