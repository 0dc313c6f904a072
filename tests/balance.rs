//! `equipoise balance` and its subcommands, from the command line to the files.

mod common;

use std::path::Path;

use common::run;

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A column of a table, as text.
fn column(table: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().expect("a table has a header").clone();
    let at = header.iter().position(|h| h == name).unwrap_or_else(|| panic!("{name}: {header:?}"));
    reader.records().map(|row| row.expect("a row")[at].to_owned()).collect()
}

fn numbers(table: &str, name: &str) -> Vec<f64> {
    let number = |text: String| text.parse().unwrap_or_else(|_| panic!("{name}: {text}"));
    column(table, name).into_iter().map(number).collect()
}

#[test]
fn brunels_regimes_are_told_apart_with_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["balance", "--regime", "balanced", "--regime", "unbalanced-g", "--neurons", "5000"];
    let more = ["--duration", "400", "--record", "0,4999", "--out"];
    let ran = run(&[&args[..], &more, &["one", "--threads", "1"]].concat(), dir.path()).succeeded();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "balanced: balanced", "{ran:?}");
    assert!(lines.contains(&"unbalanced-g: not balanced (mean-driven)"), "{ran:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{ran:?}");
    let one = dir.path().join("one");
    let found: serde_json::Value =
        serde_json::from_str(&read(&one, "diagnosis-balanced.json")).unwrap();
    // Brunel's network at 5,000 neurons, g = 5 and eta = 2, by Siegert: 37.95 Hz.
    let rate = found["rate_hz"].as_f64().unwrap();
    assert!((rate / 37.95 - 1.0).abs() < 0.25, "{rate} Hz");
    assert_eq!(found["verdict"]["balanced"], true);
    assert_eq!(column(&read(&one, "verdict.csv"), "met").len(), 16);
    let recorded = read(&one, "recording-balanced.csv");
    assert_eq!(recorded.lines().count(), 1 + 2 * 400);
    assert!(numbers(&recorded, "potential_mv").iter().all(|&v| v <= 20.0));
    assert!(numbers(&recorded, "inhibitory_input_mv").iter().sum::<f64>() < -10_000.0);
    assert!(one.join("figures/activity-balanced.png").exists());
    assert!(one.join("figures/activity-unbalanced-g.svg").exists());
    assert!(one.join("report.html").exists());
    // Every criterion has its reason and its source.
    for name in ["criterion", "reason", "source"] {
        let cells = column(&read(&one, "criteria.csv"), name);
        assert!(cells.len() == 8 && cells.iter().all(|cell| !cell.is_empty()), "{cells:?}");
    }

    // The same numbers from two threads.
    run(&[&args[..], &more, &["two", "--threads", "2"]].concat(), dir.path()).succeeded();
    for file in ["diagnosis-balanced.json", "diagnosis-unbalanced-g.json", "diagnosis.csv"] {
        assert!(read(&one, file) == read(&dir.path().join("two"), file), "{file} differs");
    }
}

#[test]
fn a_run_says_its_whole_network_and_gives_the_same_from_that() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["balance", "--regime", "balanced", "--neurons", "500", "--duration", "100"];
    run(&[&args[..], &["--g", "4.5", "--out", "one"]].concat(), dir.path()).succeeded();
    let one = dir.path().join("one");
    let config: toml::Table = read(&one, "config.toml").parse().unwrap();
    let network = config["network"].as_table().unwrap();
    // 0.1 of 400 excitatory neurons give 100 mV together.
    assert_eq!(network["excitatory_weight"].as_float(), Some(2.5));
    assert_eq!(network["membrane"].as_float(), Some(20.0));
    assert_eq!(network["g"].as_float(), Some(4.5));
    run(&["balance", "--config", "one/config.toml", "--out", "two"], dir.path()).succeeded();
    let two = dir.path().join("two");
    for file in ["config.toml", "diagnosis-balanced.json", "verdict.csv"] {
        assert_eq!(read(&one, file), read(&two, file), "{file}");
    }
}

#[test]
fn a_network_is_judged_with_the_images_of_a_data_set() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["balance", "--dataset", "synthetic-digits", "--images", "3", "--regime"];
    let sets = ["--set", "image_duration=200.0", "--out", "out"];
    let both = ["balanced", "--regime", "unbalanced-g"];
    run(&[&args[..], &both, &sets].concat(), dir.path()).succeeded();
    let out = dir.path().join("out");
    let images = read(&out, "images.csv");
    let mean = read(&out, "data-sets.csv");
    assert_eq!(column(&mean, "images"), ["3", "3"]);
    let (rates, means) = (numbers(&images, "rate_hz"), numbers(&mean, "rate_hz"));
    for (rates, mean) in rates.chunks(3).zip(means) {
        assert!((rates.iter().sum::<f64>() / 3.0 - mean).abs() < 1e-9, "{rates:?} {mean}");
    }
    // Less inhibition, more spikes and a larger net input.
    let net = numbers(&mean, "net_input_over_threshold");
    assert!(net[1] > net[0], "{net:?}");
    assert!(out.join("figures/activity-synthetic-digits-balanced.png").exists());
}

#[test]
fn a_map_shows_where_balance_ends() {
    let dir = tempfile::tempdir().unwrap();
    let maps = "maps=[{ x = { setting = 'g', values = [2.5, 6] }, \
                y = { setting = 'eta', values = [0.4, 2] } }]";
    let args = ["balance", "map", "--neurons", "2500", "--duration", "300", "--set", maps];
    let ran = run(&[&args[..], &["--out", "out"]].concat(), dir.path()).succeeded();
    assert!(ran.stdout.contains("1 of 4 points balanced"), "{ran:?}");
    let out = dir.path().join("out");
    let states = column(&read(&out, "map.csv"), "state");
    assert_eq!(states, ["silent", "silent", "mean-driven", "balanced"]);
    assert!(out.join("figures/map-1.png").exists());
}

#[test]
fn the_balanced_network_is_the_linear_one() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["balance", "linearity", "--neurons", "5000", "--duration", "200", "--out", "out"];
    run(&args, dir.path()).succeeded();
    let out = dir.path().join("out");
    let r_squared = numbers(&read(&out, "linearity.csv"), "r_squared");
    assert!(r_squared[0] > 0.99 && r_squared[1] < 0.97, "{r_squared:?}");
    assert_eq!(read(&out, "rates.csv").lines().count(), 1 + 2 * 7);
    assert!(out.join("figures/linearity.png").exists());
}

#[test]
fn a_network_tracks_its_input() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["balance", "track", "--neurons", "2500", "--trials", "1", "--out", "out"];
    run(&args, dir.path()).succeeded();
    let out = dir.path().join("out");
    let table = read(&out, "tracking.csv");
    let waveforms = column(&table, "waveform");
    assert_eq!(waveforms, ["ramp", "ramp", "step", "step", "sinusoid", "sinusoid"]);
    let lags = numbers(&table, "lag_ms");
    assert!(lags.iter().all(|&lag| (0.0..=20.0).contains(&lag)), "{lags:?}");
    // The unbalanced network saturates, so its rate is further from the shape of the input.
    let errors = numbers(&table, "normalised_error");
    assert!(errors.chunks(2).all(|pair| pair[0] < pair[1]), "{errors:?}");
    assert!(out.join("figures/tracking.png").exists());
}

#[test]
fn longer_recordings_and_larger_networks_hold_more_of_an_image() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["balance", "coding", "--training-images", "200", "--test-images", "50"];
    let sets = ["--set", "durations=[10, 200]", "--set", "sizes=[100, 1000]", "--out", "out"];
    run(&[&args[..], &sets].concat(), dir.path()).succeeded();
    let out = dir.path().join("out");
    for table in ["coding-duration.csv", "coding-size.csv"] {
        let psnr = numbers(&read(&out, table), "psnr_db");
        assert!(psnr[1] > psnr[0] + 0.5 && psnr[3] > psnr[2] + 0.5, "{table}: {psnr:?}");
    }
    for figure in ["coding-duration", "coding-spikes", "coding-size", "coding-size-spikes"] {
        assert!(out.join(format!("figures/{figure}.png")).exists(), "{figure}");
    }
}

#[test]
fn networks_that_make_no_sense_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refuse = |args: &[&str], parts: &[&str]| {
        run(&[&["balance"], args].concat(), dir.path()).refused(parts);
    };
    refuse(&["--neurons", "0"], &["`neurons`", "at least one neuron"]);
    refuse(&["--connection-probability", "1.5"], &["`connection_probability`", "1.5", "0..1"]);
    refuse(&["--set", "network.membrane=-20"], &["`membrane`", "-20 ms is not positive"]);
    refuse(
        &["--set", "network.tau_excitatory=-1", "--set", "network.synapse=exponential"],
        &["`tau_excitatory`", "-1 is not a positive number of milliseconds"],
    );
    refuse(&["--set", "network.delay=0.05"], &["`delay`", "0.05 ms is below dt = 0.1 ms"]);
    refuse(&["--set", "network.dt=0"], &["`dt`"]);
    let coarse = ["--set", "network.dt=1.0", "--set"];
    refuse(&[&coarse[..], &["network.delay=1.5"]].concat(), &["`delay`", "1 and 2 ms"]);
    let off = ["network.delay=1.0", "--set", "network.refractory=0.4"];
    refuse(&[&coarse[..], &off].concat(), &["`refractory`", "0 and 1 ms"]);
    refuse(
        &["--neurons", "1000", "--set", "network.excitatory_in_degree=900"],
        &["`excitatory_in_degree`", "900 connections from 800 excitatory neurons"],
    );
    refuse(&["--set", "network.reset=25"], &["`reset`", "25 mV"]);
    refuse(&["--set", "network.gee=5"], &["gee"]);
    refuse(&["--duration", "10"], &["`network.duration`"]);
    refuse(&["--neurons", "100", "--record", "100"], &["`record`", "neuron 100"]);
    refuse(&["--regime", "no-such"], &["no-such", "low-threshold"]);
    refuse(&["--regime", "balanced", "--regime", "balanced"], &["`balanced`", "twice"]);
    refuse(&["map", "--set", "maps=[]"], &["`maps` is empty"]);
    refuse(
        &[
            "map",
            "--set",
            "maps=[{ x = { setting = 'connection_probability', values = [1.2] }, \
             y = { setting = 'g', values = [5] } }]",
        ],
        &["connection probability 1.2", "outside 0..1"],
    );
    refuse(&["linearity", "--trials", "0"], &["`trials` is 0"]);
    refuse(&["linearity", "--set", "sweep=[1, 2]"], &["`sweep`"]);
    refuse(&["track", "--set", "peak=-1"], &["`peak`"]);
    refuse(&["coding", "--set", "durations=[0]"], &["a duration of 0 ms"]);
    refuse(&["coding", "--set", "sizes=[0]"], &["`sizes`", "at least one neuron"]);
    refuse(&["coding", "--set", "network.input.in_degree=9999"], &["`input.in_degree`", "784"]);
    refuse(&["coding", "--dataset", "mnist"], &["mnist"]);
    refuse(&["--dataset", "mnist"], &["mnist"]);
    refuse(&["--dataset", "synthetic-digits", "--images", "0"], &["`images`"]);
    refuse(&["track", "--trials", "10000000000"], &["`trials`"]);
    refuse(&["coding", "--set", "network.input.r_max=-5"], &["`input.r_max`", "-5"]);
    assert!(common::files(dir.path()).is_empty(), "a refused request writes nothing");
}

#[test]
fn populations_are_judged_and_spikes_written() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["balance", "populations", "--scale", "0.02", "--duration", "200"];
    let more = ["--record", "L4E,L6I", "--seed", "3"];
    let ran = |out: &str, threads: &str| {
        let last = ["--out", out, "--threads", threads];
        run(&[&args[..], &more, &last].concat(), dir.path()).succeeded()
    };
    let first = ran("one", "1");
    assert!(first.stdout.contains("L2/3E: "), "{first:?}");
    let one = dir.path().join("one");
    let activity = read(&one, "activity.csv");
    assert_eq!(column(&activity, "population").len(), 8);
    // L2/3E fires least of all, at a hundredth of the size too.
    let rates = numbers(&activity, "rate_hz");
    assert!(rates[0] < rates[1] && rates[0] < rates[2] && rates[0] < 3.0, "{rates:?}");
    assert!(one.join("spikes/L4E.npz").exists() && one.join("spikes/L6I.npz").exists());
    assert!(one.join("figures/raster.svg").exists() && one.join("report.html").exists());
    // The network as it was simulated is one that can be given.
    let network = one.join("network.toml");
    let again = [
        "balance",
        "populations",
        "--network",
        network.to_str().unwrap(),
        "--seed",
        "3",
        "--record",
        "L4E,L6I",
        "--out",
        "again",
        "--threads",
        "2",
    ];
    run(&again, dir.path()).succeeded();
    ran("two", "2");
    for other in ["two", "again"] {
        for file in ["activity.csv", "inputs.csv", "distributions.csv", "spikes/L4E.npz"] {
            let bytes = |of: &Path| std::fs::read(of.join(file)).unwrap();
            assert!(bytes(&one) == bytes(&dir.path().join(other)), "{other}: {file} differs");
        }
    }
    let refused = run(&["balance", "populations", "--record", "L4F"], dir.path());
    refused.refused(&["L4F", "did you mean `L4"]);
}
