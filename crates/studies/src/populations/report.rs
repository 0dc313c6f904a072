//! The report of a network of populations.

use equipoise_encoder::populations::Plasticity;
use equipoise_report::{Report, Step};

use super::results::{PopulationsResults, Recorded};
use super::{figures, tables};
use crate::balance::tables::{criteria, reasons};
use crate::strip;

/// The report.
pub(super) fn report(found: &PopulationsResults) -> Report {
    let mut report = Report::new("Is each population balanced?");
    let network = &found.network;
    let synapses: u64 = found.simulated.projections.iter().map(|p| p.synapses).sum();
    report.subtitle(&format!(
        "{} populations, {} neurons and sources, {synapses} synapses",
        network.populations.len(),
        network.neurons()
    ));
    let recordings = &found.simulated.recordings;
    let Some(last) = recordings.last() else { return report };
    report.strip(steps(found, last));
    for state in last.populations.iter().take(12) {
        report.found(&format!("{}: {}.", state.name, state.verdict));
    }
    let balanced = last.populations.iter().filter(|state| state.verdict.balanced).count();
    report.tile(
        "Balanced populations",
        &format!("{balanced} of {}", last.populations.len()),
        "",
        &last.name,
    );
    report.tile(
        "Mean field",
        if found.mean_field.is_stable() { "stable" } else { "not stable" },
        "",
        &found.mean_field.largest_eigenvalue.map_or_else(
            || "no eigenvalues".to_owned(),
            |value| format!("largest eigenvalue {value:.2}"),
        ),
    );
    if !found.simulated.course.is_empty() {
        learning(&mut report, found);
    }
    for recorded in recordings {
        recording(&mut report, found, recorded, recordings.len() > 1);
    }
    if let Some(counted) = &found.counted {
        report.heading("Images").table("images", &tables::counted(counted));
    }
    report.heading("Mean field");
    report.paragraph(
        "Rates that reproduce themselves when the input of every neuron is taken as noise of the mean \
         and the variance that those rates give it. A state is stable if small changes of the rates \
         die out: if no eigenvalue of the rate dynamics has a positive real part.",
    );
    report.table("mean-field", &tables::mean_field(found));
    if let Some(map) = &found.stability {
        report.figure(
            "stability",
            &figures::stability(map),
            "Left: the largest real part of an eigenvalue of the mean field's rate dynamics; blue is \
             stable, red is not, grey has no state. Right: mean rate of all neurons. All inhibitory \
             weights, and all background rates and currents, are multiplied by the factors.",
        );
    }
    report.heading("Network").table("populations", &tables::populations(network, "Populations"));
    report.table("projections", &tables::projections(found));
    report.heading("Verdict");
    let named = last.populations.iter().map(|state| (state.name.clone(), &state.verdict));
    report.table("verdict", &reasons(named));
    report.table("criteria", &criteria(&found.diagnosis.criteria));
    report
}

/// What was done.
fn steps(found: &PopulationsResults, recorded: &Recorded) -> [Step; 3] {
    let picture = &recorded.picture;
    let mut spikes = [Vec::new(), Vec::new()];
    let mut above = 0;
    let total: usize = picture.rows.iter().sum();
    for (population, (rows, list)) in
        found.network.populations.iter().zip(picture.rows.iter().zip(&picture.spikes))
    {
        spikes[population.sign as usize]
            .extend(list.iter().map(|&(time, row)| (time, total - 1 - above - row)));
        above += rows;
    }
    let raster = strip::raster([&spikes[0], &spikes[1]], total, (picture.start_ms, picture.end_ms));
    let balanced = recorded.populations.iter().filter(|state| state.verdict.balanced).count();
    [
        Step::new("Network", &format!("{} populations", found.network.populations.len())),
        Step::new("Spikes", &format!("{:.0} ms recorded", recorded.duration_ms)).figure(&raster),
        Step::new(
            "Verdicts",
            &format!("{balanced} of {} populations balanced", recorded.populations.len()),
        ),
    ]
}

/// One recording.
fn recording(report: &mut Report, found: &PopulationsResults, recorded: &Recorded, several: bool) {
    let name = recorded.name.replace(' ', "-");
    let file = |what: &str| if several { format!("{what}-{name}") } else { what.to_owned() };
    let mut title = recorded.name.clone();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    report.heading(&title).table(&file("activity"), &tables::activity(found, recorded));
    report.figure(
        &file("raster"),
        &figures::activity(found, recorded),
        "Spikes of some neurons of each population, and the rates of the populations.",
    );
    report.figure(
        &file("rates"),
        &figures::rates(found, recorded),
        "Left: rate of each population against that of the mean field. Then the rates and the CV of \
         intervals of single neurons: quartiles and median, whiskers of 1.5 interquartile ranges.",
    );
    report.figure(
        &file("matrices"),
        &figures::matrices(found, recorded),
        "Left: mean input of each population from each other and from outside. Right: correlation \
         over time of the rates of any two populations.",
    );
    report.table(&file("inputs"), &tables::inputs(found, recorded));
    report.table(&file("correlations"), &tables::correlations(found, recorded));
    report.table(&file("distributions"), &tables::distributions(recorded));
}

/// What plastic synapses did.
fn learning(report: &mut Report, found: &PopulationsResults) {
    report.heading("Learning");
    report.paragraph(
        "Plastic inhibitory synapses grow where the neurons on both sides fire together, and shrink \
         with every spike of the inhibitory one: so each excitatory neuron comes to its target rate, \
         and inhibition follows excitation (Vogels et al. 2011). A lesion takes a share of the \
         inhibitory neurons away; what is left learns to make up for it.",
    );
    for projection in &found.network.projections {
        let Some(Plasticity::Inhibitory { target_rate, .. }) = projection.plasticity else {
            continue;
        };
        let of = |recorded: &Recorded| {
            let state = recorded.populations.iter().find(|s| s.name == projection.target)?;
            let correlation = state.input_correlation.map_or("none".into(), |r| format!("{r:.2}"));
            Some(format!("{}: {:.2} Hz, {correlation}", recorded.name, state.rate_hz))
        };
        let states: Vec<String> = found.simulated.recordings.iter().filter_map(of).collect();
        report.found(&format!(
            "{} under plastic inhibition from {}, target {target_rate} Hz; rate and correlation of \
             excitation and inhibition: {}.",
            projection.target,
            projection.source,
            states.join("; ")
        ));
    }
    report.figure(
        "learning",
        &figures::learning(found),
        "Rates of the populations, mean weight of the plastic synapses, and the correlation over time \
         of excitation and inhibition onto their targets, in windows of learning.",
    );
    report.table("learning", &tables::course(found));
}
