//! A small network as a drawing: neurons in layers, signed connections.

use super::axis_layout::TICK_SIZE;
use super::color::Color;
use super::font::{CAP_HEIGHT, Weight, text_width};
use super::legend::{Entry, Key};
use super::panel::{Content, Margins, draw_no_data};
use super::scene::{Anchor, Dash, Path, Point, Rect, Scene, Segment, Stroke, Text};

const LABEL_GAP: f64 = 8.0;
const ROW_HEIGHT: f64 = 46.0;

/// A neuron's place: layer and number in it.
type Place = (usize, usize);
/// A connection: from, to, weight.
type Edge = (Place, Place, f64);

/// A neuron of a [`NetworkGraph`].
#[derive(Clone, Debug, PartialEq)]
struct Node {
    label: String,
    color: Color,
}

/// A small network: one row a layer (the first at the bottom), excitatory connections in one colour and inhibitory
/// ones in the other, as thick as they are strong.
///
/// ```
/// use equipoise_figure::{Color, NetworkGraph};
/// let graph = NetworkGraph::new("N = 2")
///     .layer("input", [("1", Color::EXCITATORY), ("2", Color::INHIBITORY)])
///     .layer("output", [("1", Color::EXCITATORY), ("2", Color::EXCITATORY)])
///     .edge((0, 0), (1, 1), 0.7)
///     .edge((0, 1), (1, 0), -0.3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkGraph {
    title: String,
    layers: Vec<(String, Vec<Node>)>,
    edges: Vec<Edge>,
}

impl NetworkGraph {
    /// An empty network.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_string(), layers: Vec::new(), edges: Vec::new() }
    }

    /// Adds a layer above the others: its name, and label and colour of each neuron.
    #[must_use]
    pub fn layer<S: Into<String>>(
        mut self,
        name: &str,
        nodes: impl IntoIterator<Item = (S, Color)>,
    ) -> Self {
        let nodes =
            nodes.into_iter().map(|(label, color)| Node { label: label.into(), color }).collect();
        self.layers.push((name.to_string(), nodes));
        self
    }

    /// Adds a connection from (layer, neuron) to (layer, neuron); one of weight zero or without ends is left out.
    #[must_use]
    pub fn edge(mut self, from: Place, to: Place, weight: f64) -> Self {
        self.edges.push((from, to, weight));
        self
    }

    fn widest_layer(&self) -> usize {
        self.layers.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or(0)
    }

    fn radius(&self, area: Rect) -> f64 {
        let across = area.width / self.widest_layer().max(1) as f64;
        let along = area.height / self.layers.len().max(1) as f64;
        (across * 0.34).min(along * 0.3).min(9.0)
    }

    fn place(&self, area: Rect, (layer, node): Place) -> Option<Point> {
        let count = self.layers.get(layer)?.1.len();
        (node < count).then(|| {
            let row = area.height / self.layers.len() as f64;
            (
                area.x + area.width * (node as f64 + 0.5) / count as f64,
                area.bottom() - row * (layer as f64 + 0.5),
            )
        })
    }

    fn drawn_edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(|(_, _, weight)| weight.is_finite() && *weight != 0.0)
    }

    fn draw_edge(scene: &mut Scene, from: Point, to: Point, radius: f64, share: f64, color: Color) {
        let stroke = Stroke::new(color, 0.4 + 1.8 * share).opacity(0.25 + 0.7 * share);
        let mut path = Path::default();
        if from == to {
            // A connection of a neuron with itself.
            let (x, y) = (from.0, from.1 - radius);
            let r = radius * 1.1;
            path.0.extend([
                Segment::Move((x - radius * 0.4, y)),
                Segment::Cubic(
                    (x - 2.0 * r, y - 2.0 * r),
                    (x + 2.0 * r, y - 2.0 * r),
                    (x + radius * 0.4, y),
                ),
            ]);
        } else if (from.1 - to.1).abs() < 1e-6 {
            // Within a layer: an arc, each direction on its own side.
            let lift = (to.0 - from.0) * 0.35;
            path.0.extend([
                Segment::Move(from),
                Segment::Cubic(
                    (from.0 + lift * 0.7, from.1 - lift),
                    (to.0 - lift * 0.7, to.1 - lift),
                    to,
                ),
            ]);
        } else {
            path.add_line(from, to);
        }
        scene.stroke(path, stroke);
    }
}

fn sign_color(weight: f64) -> Color {
    if weight > 0.0 { Color::EXCITATORY } else { Color::INHIBITORY }
}

impl Content for NetworkGraph {
    fn title(&self) -> &str {
        &self.title
    }
    fn legend(&self) -> Vec<Entry> {
        [("excitatory", 1.0), ("inhibitory", -1.0)]
            .into_iter()
            .filter(|(_, sign)| self.drawn_edges().any(|(_, _, weight)| weight * sign > 0.0))
            .map(|(label, sign)| Entry {
                label: label.to_string(),
                color: sign_color(sign),
                key: Key::Line { dash: Dash::Solid, width: 1.6, marker: None, band: false },
            })
            .collect()
    }
    fn margins(&self, _width: f64, _height: f64) -> Margins {
        let widest = self
            .layers
            .iter()
            .map(|(name, _)| text_width(name, TICK_SIZE, Weight::Regular))
            .fold(0.0, f64::max);
        Margins {
            left: if widest > 0.0 { widest + LABEL_GAP } else { 2.0 },
            right: 2.0,
            top: 2.0,
            bottom: 2.0,
        }
    }
    fn default_height(&self, _width: f64) -> Option<f64> {
        Some((self.layers.len() as f64 * ROW_HEIGHT).clamp(40.0, 400.0))
    }
    fn draw(&self, scene: &mut Scene, area: Rect, _margins: Margins) {
        if self.widest_layer() == 0 {
            draw_no_data(scene, area);
            return;
        }
        let radius = self.radius(area);
        let strongest = self.drawn_edges().map(|(_, _, w)| w.abs()).fold(0.0, f64::max);
        // Weak connections below strong ones.
        let mut edges: Vec<_> = self.drawn_edges().collect();
        edges.sort_by(|a, b| a.2.abs().total_cmp(&b.2.abs()));
        for (from, to, weight) in edges {
            if let (Some(from), Some(to)) = (self.place(area, *from), self.place(area, *to)) {
                Self::draw_edge(
                    scene,
                    from,
                    to,
                    radius,
                    weight.abs() / strongest,
                    sign_color(*weight),
                );
            }
        }
        for (layer, (name, nodes)) in self.layers.iter().enumerate() {
            let row = area.height / self.layers.len() as f64;
            let middle = area.bottom() - row * (layer as f64 + 0.5);
            let baseline = middle + TICK_SIZE * CAP_HEIGHT / 2.0;
            scene.text(name, (area.x - LABEL_GAP, baseline), TICK_SIZE, Anchor::End);
            for (index, node) in nodes.iter().enumerate() {
                let Some(place) = self.place(area, (layer, index)) else { continue };
                scene.fill(Path::circle(place, radius), Color::WHITE);
                scene.fill(Path::circle(place, radius), node.color.mix(Color::WHITE, 0.55));
                scene.stroke(Path::circle(place, radius), Stroke::new(node.color, 1.0));
                let natural = text_width(&node.label, TICK_SIZE, Weight::Regular);
                let size = (TICK_SIZE * (2.0 * radius - 2.0) / natural.max(0.1))
                    .min(TICK_SIZE)
                    .min(radius * 1.4);
                if size >= 3.0 {
                    scene.styled_text(Text {
                        content: node.label.clone(),
                        at: (place.0, place.1 + size * CAP_HEIGHT / 2.0),
                        size,
                        anchor: Anchor::Middle,
                        weight: Weight::Regular,
                        color: Color::INK,
                        rotation: 0.0,
                    });
                }
            }
        }
    }
    fn is_aligned(&self) -> bool {
        false
    }
}
