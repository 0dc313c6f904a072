//! Figures for papers and reports, written as SVG and PNG with nothing but an embedded font.
//!
//! A [`Figure`] is a grid of panels. Every kind of panel ([`Plot`], [`Stack`], [`GroupChart`], [`Heatmap`],
//! [`RegionMap`], [`ImageGrid`], [`NetworkGraph`]) is a plain value with a few builder methods and never fails:
//! NaN and infinite values leave gaps, and a panel with nothing to show says "no data".
//! The same figure gives the same bytes.
//!
//! A [`Figure`] is a grid of panels, 180 mm wide; `run.save_figure("training", &figure)?` writes it as
//! `figures/training.svg` and `.png`.
//!
//! ```
//! use equipoise_figure::*;
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

mod axis;
mod axis_layout;
mod clip;
mod color;
mod escape;
mod font;
mod groups;
mod heatmap;
mod images;
mod layers;
mod layout;
mod legend;
mod marker;
mod network;
pub mod number;
mod panel;
mod plot;
mod png;
mod regions;
mod scene;
mod svg;
#[cfg(test)]
mod tests;
mod ticks;

pub use axis::Axis;
pub use color::{Color, ColorMap};
pub use escape::escape_html;
pub use groups::GroupChart;
pub use heatmap::Heatmap;
pub use images::{ImageGrid, Picture};
pub use layers::{Histogram, Layer, Line, Rule, Scatter, Span, Spikes};
pub use layout::Figure;
pub use marker::Marker;
pub use network::NetworkGraph;
pub use panel::Panel;
pub use plot::{Plot, Stack};
pub use regions::RegionMap;
pub use scene::Dash;
