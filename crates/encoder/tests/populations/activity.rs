//! Rates and irregularity of whole networks against NEST, theory and publications.

use equipoise_encoder::populations::{
    MICROCIRCUIT_POPULATIONS, MicrocircuitInput, Network, PV_SST_VIP_RATES_HZ, Population,
    Recording, Settings, Simulation, Source, brunel, clustered, microcircuit, pv_sst_vip,
};
use equipoise_metrics::spikes::{UnitTrains, fano_factors, irregularity};

use crate::go_on;

#[test]
fn brunels_network_fires_as_its_short_form_does() {
    use equipoise_encoder::network::{NetworkConfig, Probe};
    let rates = |g: f64| {
        let settings = brunel(1000, g, 2.0);
        let seeds = 4;
        let (mut here, mut there) = (0.0, 0.0);
        for seed in 0..seeds {
            let network = Network::build(&settings, seed, 1).expect("it makes sense");
            let mut simulation = Simulation::new(&network, seed);
            let mut recording = Recording::spikes();
            simulation.advance(100.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
            simulation.advance(500.0, &mut recording, &mut go_on).expect("it runs");
            here += recording.spikes.mean_rate_hz() / seeds as f64;
            let config = NetworkConfig {
                warm_up: 100.0,
                duration: 500.0,
                ..NetworkConfig::brunel(1000, g, 2.0)
            };
            let network =
                equipoise_encoder::network::Network::build(&config, None, seed).expect("it does");
            let spikes = network.run(&network.trial(seed, 0), &mut Probe::none()).expect("it runs");
            there += spikes.mean_rate_hz() / seeds as f64;
        }
        (here, there)
    };
    // NEST over six seeds: 301.2 ± 3.2 Hz.
    let (here, there) = rates(3.5);
    assert!((here - 301.2).abs() < 6.0 && (there - 301.2).abs() < 6.0, "{here} {there}");
    // NEST over six seeds: 64.6 ± 7.3 Hz.
    let (here, there) = rates(5.0);
    assert!((here - 64.6).abs() < 12.0 && (here - there).abs() < 14.0, "{here} {there}");
}

#[test]
fn sources_fire_at_the_rates_they_are_given() {
    let settings = Settings {
        populations: vec![
            Population { source: Some(Source { rate: 10.0 }), ..Population::new("image", 50) },
            Population::new("a", 10),
        ],
        ..Settings::default()
    };
    let network = Network::build(&settings, 1, 1).expect("it makes sense");
    let mut simulation = Simulation::new(&network, 1);
    let mut recording = Recording::spikes();
    simulation.advance(2000.0, &mut recording, &mut go_on).expect("it runs");
    let count = recording.spikes.count() as f64;
    assert!((count - 1000.0).abs() < 5.0 * 1000.0f64.sqrt(), "{count}");
    let rates: Vec<f64> = (0..50).map(|k| if k < 25 { 0.0 } else { 80.0 }).collect();
    simulation.set_rates(0, &rates).expect("they fit");
    let mut recording = Recording::spikes();
    simulation.advance(1000.0, &mut recording, &mut go_on).expect("it runs");
    let count = recording.spikes.count() as f64;
    assert!((count - 2000.0).abs() < 5.0 * 2000.0f64.sqrt(), "{count}");
    assert!(recording.spikes.ids.iter().all(|&id| (25..50).contains(&id)));
    assert!(simulation.set_rates(1, &[]).is_err());
    assert!(simulation.set_rates(0, &[1.0]).is_err());
}

/// Rates and mean CV of the populations of the microcircuit at a tenth of its neurons and synapses.
fn small_microcircuit(seed: u64) -> (Vec<f64>, Vec<f64>) {
    let settings = microcircuit(0.1, 0.1, MicrocircuitInput::Poisson);
    let network = Network::build(&settings, seed, 2).expect("it makes sense");
    let mut simulation = Simulation::new(&network, seed);
    simulation.advance(500.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
    let mut recording = Recording::spikes();
    simulation.advance(1000.0, &mut recording, &mut go_on).expect("it runs");
    let cvs = (0..8).map(|population| {
        let own = recording.of_population(&network, population);
        let trains = UnitTrains::from_events(&own.times, &own.ids, own.units).expect("in order");
        irregularity(&trains, 3).cv.mean.unwrap_or(f64::NAN)
    });
    (recording.rates_hz(&network), cvs.collect())
}

#[test]
fn the_microcircuit_at_a_tenth_fires_as_in_nest() {
    // `scripts/peers/nest_microcircuit.py 0.1 1000`, NEST 3.10, the mean of seeds 1 and 2.
    let rates = [0.484, 2.142, 3.987, 5.029, 6.646, 7.807, 0.872, 7.022];
    let cvs = [0.490, 0.531, 0.583, 0.595, 0.624, 0.619, 0.498, 0.587];
    let found = [small_microcircuit(1), small_microcircuit(2)];
    for population in 0..8 {
        let rate = (found[0].0[population] + found[1].0[population]) / 2.0;
        let cv = (found[0].1[population] + found[1].1[population]) / 2.0;
        let name = MICROCIRCUIT_POPULATIONS[population];
        println!(
            "{name}: {rate:.3} Hz, CV {cv:.3}; NEST {} {}",
            rates[population], cvs[population]
        );
        assert!(
            (rate - rates[population]).abs() < 0.05 * rates[population] + 0.05,
            "{name}: {rate}"
        );
        assert!((cv - cvs[population]).abs() < 0.04, "{name}: {cv}");
    }
}

#[test]
fn clusters_make_counts_vary() {
    // Litwin-Kumar & Doiron 2012, figure 2: the Fano factor is larger with clusters than without.
    let fano = |ratio: f64| {
        let settings = clustered(50, ratio);
        let network = Network::build(&settings, 2, 2).expect("it makes sense");
        let mut simulation = Simulation::new(&network, 2);
        simulation.advance(300.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
        let mut recording = Recording::spikes();
        simulation.advance(1500.0, &mut recording, &mut go_on).expect("it runs");
        let trains = UnitTrains::from_events(&recording.spikes.times, &recording.spikes.ids, 5000)
            .expect("they are in order");
        let counts = trains.counts(0.0, 1500.0, 15).expect("it has bins");
        let factors = fano_factors(&counts[..4000 * 15], 15).expect("it has bins");
        let known: Vec<f64> = factors.into_iter().flatten().collect();
        let rate = recording.of_population(&network, 50).mean_rate_hz();
        (known.iter().sum::<f64>() / known.len() as f64, recording.spikes.mean_rate_hz(), rate)
    };
    let (with, without) = (fano(2.5), fano(1.0));
    println!("Fano factor {with:?} with clusters, {without:?} without");
    assert!(with.0 > 1.2 * without.0, "{with:?} {without:?}");
    assert!([with, without].iter().all(|found| (0.5..20.0).contains(&found.1)));
}

#[test]
fn vip_cells_silence_sst_cells() {
    // With more drive to VIP cells SST cells fall silent, as where mice run (Pfeffer et al. 2013,
    // Fu et al. 2014): VIP cells inhibit SST cells and hardly others. PV cells, freed from SST cells,
    // take their place, and so pyramidal cells change little (Litwin-Kumar et al. 2016).
    let rates = |drive: f64| {
        let network = Network::build(&pv_sst_vip(1.0), 1, 2).expect("it makes sense");
        let mut simulation = Simulation::new(&network, 1);
        simulation.scale_background(3, drive).expect("there are VIP cells");
        simulation.advance(300.0, &mut Recording::nothing(), &mut go_on).expect("it runs");
        let mut recording = Recording::spikes();
        simulation.advance(700.0, &mut recording, &mut go_on).expect("it runs");
        recording.rates_hz(&network)
    };
    let (usual, driven) = (rates(1.0), rates(1.5));
    println!("{usual:.2?} Hz, with more drive to VIP cells {driven:.2?} Hz");
    for (rate, field) in usual.iter().zip(PV_SST_VIP_RATES_HZ) {
        assert!((rate / field - 1.0).abs() < 0.4, "{usual:?}");
    }
    assert!(driven[3] > 1.5 * usual[3] && driven[2] < 0.6 * usual[2], "{driven:?}");
    assert!((driven[0] / usual[0] - 1.0).abs() < 0.3, "{driven:?}");
}
