//! `equipoise explore`: the page, and the simulator in it against the native one.

mod common;

use std::path::Path;
use std::process::Command;

use common::{equipoise, refuses, run};
use equipoise_data::spikes::SpikeTrains;
use equipoise_data::synthetic::{Part, digits};
use equipoise_encoder::network::{Network, Probe, Trial};
use equipoise_encoder::populations;
use equipoise_studies::Settings;
use equipoise_studies::balance::choice::NetworkChoice;
use equipoise_studies::balance::diagnose::DiagnoseSettings;
use equipoise_studies::populations::settings::PopulationsSettings;
use serde_json::Value;

#[test]
fn the_page_is_written_and_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("explore.html");
    run(&["explore"], dir.path()).succeeded();
    let first = std::fs::read(&page).unwrap();
    assert!(first.starts_with(b"<!doctype html>"));
    // As one of another version would be.
    std::fs::write(&page, &first[..4000]).unwrap();
    run(&["explore"], dir.path()).succeeded();
    assert!(std::fs::read(&page).unwrap() == first);
}

#[test]
fn nothing_else_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("thesis.html"), "<!doctype html>").unwrap();
    std::fs::create_dir(dir.path().join("folder")).unwrap();
    for (out, part) in
        [("thesis.html", "no such page"), ("nowhere/a.html", "nowhere"), ("folder", "folder")]
    {
        refuses(&["explore", "--out", out], dir.path(), &[out, part], "not free");
    }
}

#[test]
fn the_page_loads_nothing() {
    let dir = tempfile::tempdir().unwrap();
    run(&["explore"], dir.path()).succeeded();
    let page = std::fs::read_to_string(dir.path().join("explore.html")).unwrap();
    assert!(page.contains("default-src 'none'"));
    // The policy, and what a policy would stop.
    for reference in ["src=\"", "src='", "@import", "url(", "<iframe", "<base", "fetch("] {
        assert!(!page.contains(reference), "{reference}");
    }
    let links: Vec<&str> = page.split("href=\"").skip(1).collect();
    assert!(links.iter().all(|link| link.starts_with("data:")), "{links:?}");
    assert!(page.len() < 600_000, "{} bytes", page.len());
}

#[cfg(unix)]
#[test]
fn a_page_that_does_not_open_is_written_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = equipoise(&["explore", "--open"], dir.path());
    // No program that opens anything.
    command.env("PATH", dir.path());
    common::finish(command).failed(1, &["explore.html"]);
    assert!(dir.path().join("explore.html").is_file());
}

/// FNV-1a over the times (bits, little endian) and neurons of the spikes.
fn hash(spikes: &SpikeTrains) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (time, id) in spikes.times.iter().zip(&spikes.ids) {
        for byte in time.to_bits().to_le_bytes().into_iter().chain(id.to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

const RECORDED_MS: f64 = 1000.0;

/// The spikes of the network that a page's configuration stands for.
#[allow(clippy::unwrap_used, reason = "of a test")]
fn native(settings: &DiagnoseSettings, digit: Option<u16>) -> SpikeTrains {
    let NetworkChoice::Whole(network) = &settings.network else { panic!("{settings:?}") };
    let images = digits(200, 0, Part::Train);
    let pixels = digit.map(|digit| {
        let index = images.labels.iter().position(|&label| label == digit).unwrap();
        images.intensities(index)
    });
    let shape = pixels.is_some().then_some(images.shape);
    let network = Network::build(network, shape, settings.seed).unwrap();
    let trial = Trial {
        image: pixels.as_deref(),
        duration: RECORDED_MS,
        ..network.trial(settings.seed, 0)
    };
    network.run(&trial, &mut Probe::none()).unwrap()
}

/// What the command finds of each criterion, as it writes it.
#[allow(clippy::unwrap_used, reason = "of a test")]
fn found(dir: &Path) -> Vec<String> {
    let table = std::fs::read_to_string(dir.join("verdict.csv")).unwrap();
    table.lines().skip(1).map(|line| line.split(',').nth(2).unwrap().to_owned()).collect()
}

/// What the page's simulator says of each of these settings; nothing where there is no Node.js.
#[allow(clippy::unwrap_used, clippy::print_stderr, reason = "of a test, which says that it skips")]
fn on_the_page(all: &[&str], dir: &Path) -> Option<Vec<Value>> {
    let node = Command::new("node").arg("--version").output();
    if !node.is_ok_and(|node| node.status.success()) {
        eprintln!("skipped: there is no Node.js to run the page's simulator");
        return None;
    }
    run(&["explore", "--out", "page.html"], dir).succeeded();
    let files: Vec<String> = (0..all.len()).map(|k| format!("{k}.json")).collect();
    for (file, settings) in files.iter().zip(all) {
        std::fs::write(dir.join(file), settings).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../explore/test/native.mjs");
    let mut node = Command::new("node");
    node.args([script, "page.html", &RECORDED_MS.to_string()]).args(&files);
    node.current_dir(dir);
    let ran = common::finish(node).succeeded();
    let pages: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(pages.len(), all.len(), "{ran:?}");
    Some(pages)
}

#[test]
fn the_page_has_the_bits_of_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let all = [
        r#"{}"#,
        r#"{"g": 3.5, "seed": 9}"#,
        r#"{"neurons": 500, "synapse": "exponential", "eta": 1.2, "delay": 2.0}"#,
        r#"{"neurons": 600, "connection_probability": 0.01, "threshold": 12}"#,
        r#"{"input": "image", "digit": 4, "eta": 0.2, "coupling": 32}"#,
        // What a page's address may hold.
        r#"{"neurons": 100000}"#,
        r#"{"threshold": 9}"#,
        r#"{"gee": 5}"#,
    ];
    let refused = 3;
    let Some(pages) = on_the_page(&all, dir.path()) else { return };
    for (k, page) in pages.iter().enumerate() {
        if k + refused >= all.len() {
            let key = all[k].split('"').nth(1).unwrap();
            // The reset is what a threshold has to be above.
            let key = if key == "threshold" { "reset" } else { key };
            assert!(page["refused"].as_str().unwrap().contains(key), "{page}");
            continue;
        }
        let toml = page["toml"].as_str().unwrap();
        let settings: DiagnoseSettings = toml::from_str(toml).unwrap();
        let with_image = !settings.datasets.is_empty();
        let spikes = native(&settings.resolved().unwrap(), with_image.then_some(4));
        assert!(spikes.count() > 1000, "{}", all[k]);
        assert_eq!(page["hash"], hash(&spikes), "{}: {toml}", all[k]);
        if with_image {
            continue;
        }
        // The command judges the same recording.
        let (config, out) = (format!("{k}.toml"), format!("run-{k}"));
        std::fs::write(dir.path().join(&config), toml).unwrap();
        run(&["balance", "--config", &config, "--out", &out], dir.path()).succeeded();
        let reasons = page["judged"]["reasons"].as_array().unwrap();
        let shown: Vec<f64> = reasons.iter().map(|r| r["value"].as_f64().unwrap()).collect();
        let found: Vec<f64> =
            found(&dir.path().join(&out)).iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(shown, found, "{}", all[k]);
    }
}

#[test]
fn the_page_has_the_microcircuit_of_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let all = [
        r#"{"circuit": "microcircuit", "g": 4}"#,
        r#"{"circuit": "microcircuit", "g": 1.0, "seed": 3}"#,
        r#"{"circuit": "microcircuit", "g": -1}"#,
    ];
    let Some(pages) = on_the_page(&all, dir.path()) else { return };
    assert!(pages[2]["refused"].as_str().unwrap().contains('g'), "{}", pages[2]);
    for page in &pages[..2] {
        let toml = page["toml"].as_str().unwrap();
        let settings: PopulationsSettings = toml::from_str(toml).unwrap();
        let described = settings.network().unwrap();
        let network = populations::Network::build(&described, settings.seed, 2).unwrap();
        let mut simulation = populations::Simulation::new(&network, settings.seed);
        let go_on = &mut |_: f64| std::ops::ControlFlow::Continue(());
        let nothing = &mut populations::Recording::nothing();
        simulation.advance(described.warm_up, nothing, go_on).unwrap();
        let mut recording = populations::Recording::spikes();
        simulation.advance(RECORDED_MS, &mut recording, go_on).unwrap();
        assert!(recording.spikes.count() > 1000, "{toml}");
        assert_eq!(page["hash"], hash(&recording.spikes), "{toml}");
        // The command judges the same recording.
        let found = populations::diagnose(&simulation, &recording, &settings.diagnosis).unwrap();
        let shown = page["judged"]["populations"].as_array().unwrap();
        assert_eq!(shown.len(), 8);
        let balanced = shown.iter().all(|one| one["balanced"] == true);
        assert_eq!(page["judged"]["balanced"], balanced);
        for (shown, found) in shown.iter().zip(&found.populations) {
            assert_eq!(shown["name"], found.name.as_str());
            assert_eq!(shown["rate_hz"].as_f64().unwrap(), found.diagnosis.rate_hz);
            assert_eq!(shown["text"], found.diagnosis.verdict.to_string());
        }
    }
    // A quarter of the inhibition: more spikes.
    let rate = |k: usize| pages[k]["judged"]["rate_hz"].as_f64().unwrap();
    assert!(rate(1) > 2.0 * rate(0), "{} and {} Hz", rate(0), rate(1));
}
