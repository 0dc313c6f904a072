//! Figures for papers and reports, written as SVG and PNG with nothing but an embedded font.
//!
//! A [`Figure`] is a grid of panels. Every kind of panel ([`Plot`], [`Stack`], [`GroupChart`], [`Heatmap`],
//! [`RegionMap`], [`ImageGrid`], [`NetworkGraph`]) is a plain value with a few builder methods and never fails:
//! NaN and infinite values leave gaps, and a panel with nothing to show says "no data".
//! The same figure gives the same bytes.

mod axis;
mod clip;
mod color;
mod font;
mod groups;
mod heatmap;
mod images;
mod layers;
mod layout;
mod legend;
mod network;
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
pub use groups::GroupChart;
pub use heatmap::Heatmap;
pub use images::{ImageGrid, Picture};
pub use layers::{Histogram, Layer, Line, Marker, Rule, Scatter, Span, Spikes};
pub use layout::Figure;
pub use network::NetworkGraph;
pub use panel::Panel;
pub use plot::{Plot, Stack};
pub use regions::RegionMap;
pub use scene::Dash;
