#![allow(clippy::all, clippy::unwrap_used, clippy::print_stderr, missing_docs)]
use equipoise_encoder::data::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let o =
        OpenOptions { train: Some(a[2].parse().unwrap()), test: Some(2000), ..Default::default() };
    let t = std::time::Instant::now();
    match open(&a[1], &default_root(), &o).unwrap() {
        Dataset::Images { train, test } => {
            for (s, n) in [(train, "train"), (test, "test")] {
                std::fs::write(format!("/work/scratch/data_look/{}-{n}.x", a[1]), &s.pixels)
                    .unwrap();
                std::fs::write(
                    format!("/work/scratch/data_look/{}-{n}.y", a[1]),
                    s.labels.iter().map(|&l| l as u8).collect::<Vec<_>>(),
                )
                .unwrap();
            }
        }
        Dataset::Spikes { .. } => {}
    }
    eprintln!("{:?}", t.elapsed());
}
