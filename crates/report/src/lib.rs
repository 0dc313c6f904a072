//! Run directories, tables and self-contained reports.
//!
//! # Vocabulary
//!
//! | name | what it is |
//! |---|---|
//! | [`RunDir`] | a directory that one run writes: configuration, record, tables, checkpoints, report |
//! | [`RunRecord`] | its `run.json`: version, commit, seed, command line, machine, times, state |
//! | [`Checkpoint`] | bytes under a checksum, two generations kept, so that one always reads back |
//! | [`Table`] | columns with units and rows of cells, as text, CSV or HTML |
//! | [`Report`] | headings, text, tables and figures from top to bottom, as one HTML file |
//! | [`FoundRuns`] | run directories side by side: what differs, and their main numbers |
//! | [`Term`] | a word of the glossary that a report explains where it is used |
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
//! # A report
//!
//! [`Report`] grows from top to bottom: `report.heading("Results").table("results", &table)` and so on;
//! `run.save_report(&report)?` writes `report.html` with the configuration and a footer, each table as
//! `<name>.csv` and each figure as `figures/<name>.svg` and `.png`.
//!
//! # What a directory promises
//!
//! Files are written beside their place and renamed into it, so that a reader sees the old file or the
//! new one and never a part. A directory belongs to one run: another is refused, and so is a changed
//! configuration, by the key that changed. Equal runs write equal bytes, but for `run.json` and
//! `timings.csv`.
//!
//! # What it is not made for
//!
//! It knows no study and no command, and makes no statistics. Tables are held in memory. Reports load
//! nothing from elsewhere, and so are not for data that a page cannot hold.

mod footer;
mod glossary;
mod markup;
mod page_file;
mod report;
mod run_dir;
mod runs;
mod table;

pub use glossary::{GLOSSARY, Term, terms_in};
pub use markup::{plain_text, printable};
pub use page_file::write_page;
pub use report::{Report, Step};
pub use run_dir::{
    Checkpoint, Machine, RefusedCheckpoint, Resumed, RunDir, RunDirError, RunInfo, RunRecord,
    RunState, Standing, atomic_write, atomic_write_with, format_utc, utc_now,
};
pub use runs::{Compared, FoundRun, FoundRuns, Group, Unreadable, find_runs};
pub use table::{Best, Cell, Column, NumberFormat, Parameter, Table, parameter_table, wrap};
