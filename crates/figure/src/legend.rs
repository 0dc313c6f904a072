//! Legends: rows of keys above the data, never on it.

use super::color::Color;
use super::font::{CAP_HEIGHT, Weight, text_width};
use super::marker::Marker;
use super::scene::{Anchor, Dash, Path, Rect, Scene, Stroke};

const SIZE: f64 = 7.5;
const ROW_HEIGHT: f64 = 10.5;
const KEY_WIDTH: f64 = 13.0;
const KEY_GAP: f64 = 4.0;
const ENTRY_GAP: f64 = 11.0;

/// What stands before a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Key {
    Line { dash: Dash, width: f64, marker: Option<Marker>, band: bool },
    Dot(Marker),
    Box { opacity: f64 },
    Tick,
}

/// One name of a legend.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub label: String,
    pub color: Color,
    pub key: Key,
}

impl Entry {
    fn key_width(&self) -> f64 {
        match self.key {
            Key::Line { .. } => KEY_WIDTH,
            Key::Box { .. } => 8.0,
            Key::Dot(_) | Key::Tick => 5.0,
        }
    }
    fn width(&self) -> f64 {
        self.key_width() + KEY_GAP + text_width(&self.label, SIZE, Weight::Regular)
    }
}

/// Entries in rows no wider than `width`.
fn rows(entries: &[Entry], width: f64) -> Vec<Vec<&Entry>> {
    let mut rows: Vec<Vec<&Entry>> = Vec::new();
    let mut used = 0.0;
    for entry in entries {
        match rows.last_mut() {
            Some(row) if used + ENTRY_GAP + entry.width() <= width => {
                used += ENTRY_GAP + entry.width();
                row.push(entry);
            }
            _ => {
                used = entry.width();
                rows.push(vec![entry]);
            }
        }
    }
    rows
}

/// Height of a legend in a width.
pub(crate) fn height(entries: &[Entry], width: f64) -> f64 {
    rows(entries, width).len() as f64 * ROW_HEIGHT
}

/// Draws a legend with its upper left corner at (x, y).
pub(crate) fn draw(scene: &mut Scene, entries: &[Entry], x: f64, y: f64, width: f64) {
    for (index, row) in rows(entries, width).into_iter().enumerate() {
        let middle = y + (index as f64 + 0.5) * ROW_HEIGHT;
        let mut left = x;
        for entry in row {
            draw_key(scene, entry, left, middle);
            let at = (left + entry.key_width() + KEY_GAP, middle + SIZE * CAP_HEIGHT / 2.0);
            scene.text(&entry.label, at, SIZE, Anchor::Start);
            left += entry.width() + ENTRY_GAP;
        }
    }
}

fn draw_key(scene: &mut Scene, entry: &Entry, x: f64, y: f64) {
    let width = entry.key_width();
    match entry.key {
        Key::Line { dash, width: line, marker, band } => {
            if band {
                let rect = Rect::new(x, y - 3.0, width, 6.0);
                scene.fill_transparent(Path::rect(rect), entry.color, 0.2);
            }
            if line > 0.0 {
                let stroke = Stroke::new(entry.color, line).dash(dash);
                scene.stroke(Path::line((x, y), (x + width, y)), stroke);
            }
            if let Some(marker) = marker {
                marker.draw(scene, &[(x + width / 2.0, y)], entry.color, 1.0, 3.4);
            }
        }
        Key::Dot(marker) => marker.draw(scene, &[(x + width / 2.0, y)], entry.color, 1.0, 4.0),
        Key::Box { opacity } => {
            let rect = Rect::new(x, y - 3.2, width, 6.4);
            scene.fill_transparent(Path::rect(rect), entry.color, opacity);
            if opacity < 1.0 {
                scene.stroke(Path::rect(rect), Stroke::new(entry.color, 0.8));
            }
        }
        Key::Tick => {
            let path = Path::line((x + width / 2.0, y - 3.2), (x + width / 2.0, y + 3.2));
            scene.stroke(path, Stroke::new(entry.color, 1.4));
        }
    }
}
