//! The numbers of the study.

use equipoise_plasticity::hebb::{
    Allotment, Cell, Criterion, Enumeration, HebbConfig, Mapping, Network, Plan, StudyConfig,
    Trainer,
};

/// The row of weights that the study printed: four neurons, the inhibitory input 0, 38 epochs.
#[test]
fn the_printed_row() {
    let config = HebbConfig::default();
    let types: Allotment = "IEEE|EEEE|EEEE".parse().unwrap();
    let mut weights = vec![0.05; 32];
    weights[..4].copy_from_slice(&[-0.01, -0.05, -0.04, -0.05]);
    let network = Network::new(&config, &types, weights).unwrap();
    let mapping = Mapping::identity(4).unwrap();
    let mut trainer = Trainer::new(&config, &mapping, network).unwrap();
    for _ in 0..38 {
        trainer.epoch();
    }
    let printed = ["-0.00604529", "-0.00521571", "0.00432965", "-0.00521571"];
    let row = trainer.network().weights()[..4].iter().map(|w| format!("{w:.8}"));
    assert_eq!(row.collect::<Vec<_>>(), printed);
}

/// The chances of convergence that the study measured over 200 runs, in percent, by (neurons,
/// criterion, inhibitory inputs, inhibitory hidden).
const CHANCES: [(usize, Criterion, usize, usize, f64); 6] = [
    (3, Criterion::Exact, 2, 0, 1.5),
    (3, Criterion::Exact, 3, 2, 9.0),
    (3, Criterion::Exact, 3, 3, 10.5),
    (4, Criterion::Exact, 4, 3, 1.0),
    (4, Criterion::Argmax, 4, 3, 28.0),
    (4, Criterion::Argmax, 4, 4, 70.5),
];

fn chances(neurons: usize, criterion: Criterion, runs_per_cell: usize) -> Vec<(Cell, f64)> {
    let plan = Plan::new(
        &StudyConfig {
            hebb: HebbConfig { neurons, criterion, ..HebbConfig::default() },
            enumeration: Enumeration::Sample,
            runs_per_cell,
            ..StudyConfig::default()
        },
        0,
    )
    .unwrap();
    let summary = plan.summary();
    summary.cells.iter().map(|(&cell, runs)| (cell, runs.converged.value().unwrap())).collect()
}

/// 2,000 runs a cell, against 200 of the study's: the difference is within binomial error.
#[test]
fn the_chances_of_convergence() {
    for (neurons, criterion) in
        [(3, Criterion::Exact), (4, Criterion::Exact), (4, Criterion::Argmax)]
    {
        for (cell, chance) in chances(neurons, criterion, 2000) {
            let known = CHANCES.iter().find(|known| {
                (known.0, known.1, known.2, known.3)
                    == (neurons, criterion, cell.inhibitory_inputs, cell.inhibitory_hidden)
            });
            let percent = 100.0 * chance;
            println!("N = {neurons} {criterion} {cell:?}: {percent:.2} %");
            match known {
                Some(&(.., published)) => {
                    let pooled = (2000.0 * chance + 2.0 * published) / 2200.0;
                    let error = (pooled * (1.0 - pooled) * (1.0 / 2000.0 + 1.0 / 200.0)).sqrt();
                    let off = chance - published / 100.0;
                    assert!(off.abs() < 1.96 * error, "{percent} % for {published} %");
                }
                // The others were 0 of 200, which has a chance of 5 % where p is 1.5 %.
                None if criterion == Criterion::Exact => assert!(percent < 1.5, "{percent} %"),
                None => {}
            }
        }
    }
}
