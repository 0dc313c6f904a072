//! Run directories, tables, figures and self-contained reports.
//!
//! # A run
//!
//! ```
//! use equipoise_report::{Best, Column, RunDir, RunInfo, Table};
//! # let base = tempfile::tempdir()?;
//! # let out = base.path().join("run");
//! let info = RunInfo::new("demo", env!("CARGO_PKG_VERSION"), 0);
//! let config = std::collections::BTreeMap::from([("epochs", 2)]); // any `Serialize`
//! let run = RunDir::create(Some(&out), &info, &config)?; // `None`: runs/demo-<time>
//!
//! let mut table = Table::new("Test set")
//!     .column(Column::text("regime"))
//!     .column(Column::number("PSNR").unit("dB").decimals(2).best(Best::Highest));
//! table.row(["balanced".into(), 29.65.into()]);
//! run.write_csv("results", &table)?; // results.csv
//! run.append_jsonl("epochs", &[1.0, 0.5])?; // epochs.jsonl, one line
//! run.save_checkpoint("model", b"any bytes")?; // under a checksum, two generations kept
//! run.finish()?; // or `fail(&error)`, `interrupt()`
//!
//! let run = RunDir::resume(&out, &info, Some(&config))?;
//! let state = run.load_checkpoint("model")?.expect("one was saved");
//! assert_eq!(state.payload, b"any bytes");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A command that resumes with nothing but the directory reads the stored configuration and seed first:
//! `RunDir::stored_config::<Config>(dir)?` and `RunDir::stored_record(dir)?.seed`.
//! [`RunDirError::exit_code`] is 2 where the request was wrong and 1 where the run failed.

//!
//! # A figure
//!
//! A [`Figure`] is a grid of panels, 180 mm wide; `run.save_figure("training", &figure)?` writes it as
//! `figures/training.svg` and `.png`.
//!
//! ```
//! use equipoise_report::*;
//! let (epochs, loss) = ([1.0, 2.0, 3.0], [0.08, 0.02, 0.011]);
//! let (low, high) = ([0.07, 0.018, 0.010], [0.09, 0.022, 0.012]);
//! let training = Plot::new("Training")
//!     .x_axis(Axis::new("epoch"))
//!     .y_axis(Axis::new("validation loss").log())
//!     .with(Line::new(&epochs, &loss).band(&low, &high).label("balanced").color(Color::BALANCED))
//!     .with(Rule::horizontal(0.0105).label("published"));
//! let raster = Plot::new("Spikes")
//!     .x_axis(Axis::new("time").unit("ms").range(0.0, 100.0))
//!     .y_axis(Axis::new("neuron").range(-0.5, 99.5))
//!     .with(Spikes::new([(12.5, 3), (14.0, 71)]).label("excitatory").color(Color::EXCITATORY));
//! let quality = GroupChart::bars("Test set", ["MNIST", "CIFAR-10"])
//!     .y_axis(Axis::new("PSNR").unit("dB"))
//!     .series("balanced", Color::BALANCED, vec![vec![29.5, 29.7], vec![22.0, 22.2]]) // one value a seed
//!     .series("unbalanced", Color::UNBALANCED, vec![vec![28.4, 28.9], vec![21.0, 21.3]])
//!     .bracket((0, 0), (0, 1), "p = 0.004"); // (category, series)
//! let map = Heatmap::new("Rate", &[3.0, 4.0, 5.0], &[1.0, 2.0], &[250.0, 90.0, 20.0, 300.0, 106.0, 38.0])
//!     .x_label("g")
//!     .y_label("η")
//!     .color_axis(Axis::new("rate").unit("Hz").log());
//! let picture = Picture::grey(28, 28, &[0.5; 784]);
//! let images = ImageGrid::new("Reconstructions")
//!     .row("original", [(picture.clone(), "")])
//!     .row("balanced", [(picture, "29.7 dB\n0.984")]);
//! let figure = Figure::new()
//!     .columns(2)
//!     .panel(training)
//!     .panel(Panel::new(raster).note("38 Hz"))
//!     .panel(quality)
//!     .panel(map)
//!     .panel(Panel::new(images).span(2));
//! assert!(figure.to_svg().contains("Reconstructions"));
//! ```
//!
//! Kinds of panels: [`Plot`] (layers: [`Line`] with band, error bars and markers, [`Scatter`], [`Histogram`],
//! [`Spikes`], [`Rule`], [`Span`]); [`Stack`], plots on one time axis (raster over rate over currents);
//! [`GroupChart`], bars, boxes or points with one dot a seed and brackets; [`Heatmap`] and its signed
//! [`Heatmap::matrix`]; [`RegionMap`], a map of named states; [`ImageGrid`]; [`NetworkGraph`].
//! In labels `^{..}` and `_{..}` are raised and lowered. Colours that mean something are named:
//! [`Color::EXCITATORY`], [`Color::INHIBITORY`], [`Color::NET`], [`Color::BALANCED`], [`Color::UNBALANCED`],
//! [`Color::UNBALANCED_2`]. `cargo run --release -p equipoise-report --example gallery -- OUTDIR` shows all of them.
//!
//! # A report
//!
//! [`Report`] grows from top to bottom: `report.heading("Results").table("results", &table)` and so on;
//! `run.save_report(&report)?` writes `report.html` with the configuration and a footer, each table as
//! `<name>.csv` and each figure as `figures/<name>.svg` and `.png`.

mod escape;
mod figure;
mod number;
mod report;
mod run_dir;
mod table;

pub use escape::escape_html;
pub use figure::{
    Axis, Color, ColorMap, Dash, Figure, GroupChart, Heatmap, Histogram, ImageGrid, Layer, Line,
    Marker, NetworkGraph, Panel, Picture, Plot, RegionMap, Rule, Scatter, Span, Spikes, Stack,
};
pub use report::Report;
pub use run_dir::{
    Checkpoint, Machine, RefusedCheckpoint, RunDir, RunDirError, RunInfo, RunRecord, RunState,
    atomic_write, atomic_write_with, format_utc, git_commit, utc_now,
};
pub use table::{Best, Cell, Column, NumberFormat, Table};
