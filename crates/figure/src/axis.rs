//! Axes: what the caller asks for, and the range that it comes to with the data.

use super::ticks::short_label;

/// Numbers further out than this cannot be told from infinity by the arithmetic of a range.
const FARTHEST: f64 = 1e300;

/// What an axis shows: label, unit, range and scale.
///
/// ```
/// use equipoise_figure::Axis;
/// let time = Axis::new("time").unit("ms").range(0.0, 100.0);
/// let loss = Axis::new("validation loss").log();
/// let rate = Axis::new("rate").unit("Hz").include(0.0);
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Axis {
    label: String,
    unit: String,
    log: bool,
    low: Option<f64>,
    high: Option<f64>,
    include: Vec<f64>,
    pub(crate) ticks: Option<Vec<(f64, String)>>,
    pub(crate) categories: Option<Vec<String>>,
    /// Whether the first category is at the upper end.
    pub(crate) is_reversed: bool,
}

impl Axis {
    /// An axis with a label (`^{..}` and `_{..}` are raised and lowered); its range comes from the data.
    pub fn new(label: &str) -> Self {
        Self { label: label.to_string(), ..Self::default() }
    }

    /// Sets the unit, shown in parentheses.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = unit.to_string();
        self
    }

    /// Makes the axis logarithmic; values that are not positive are left out.
    #[must_use]
    pub fn log(mut self) -> Self {
        self.log = true;
        self
    }

    /// Sets the range.
    #[must_use]
    pub fn range(self, low: f64, high: f64) -> Self {
        self.from(low).to(high)
    }

    /// Sets the lower end.
    #[must_use]
    pub fn from(mut self, low: f64) -> Self {
        self.low = Some(low);
        self
    }

    /// Sets the upper end.
    #[must_use]
    pub fn to(mut self, high: f64) -> Self {
        self.high = Some(high);
        self
    }

    /// Widens the range of the data to contain a value.
    #[must_use]
    pub fn include(mut self, value: f64) -> Self {
        self.include.push(value);
        self
    }

    /// Sets the ticks and their labels.
    #[must_use]
    pub fn ticks<S: Into<String>>(mut self, ticks: impl IntoIterator<Item = (f64, S)>) -> Self {
        self.ticks = Some(ticks.into_iter().map(|(value, label)| (value, label.into())).collect());
        self
    }

    /// Names the places 0, 1, 2, ..
    #[must_use]
    pub fn categories<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.categories = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// An axis of another label over the same names.
    pub(crate) fn labelled(&self, label: &str) -> Self {
        Self::new(label).categories(self.categories.clone().unwrap_or_default())
    }

    pub(crate) fn is_log(&self) -> bool {
        self.log && self.categories.is_none()
    }

    /// Whether a value has a place on this axis.
    pub(crate) fn shows(&self, value: f64) -> bool {
        value.abs() <= FARTHEST && (!self.is_log() || value > 0.0)
    }

    /// The axis with its categories in reverse order.
    pub(crate) fn reversed(&self) -> Self {
        let mut axis = self.clone();
        if let Some(names) = &mut axis.categories {
            names.reverse();
        }
        axis.is_reversed = !axis.is_reversed;
        axis
    }

    /// Label and unit: `loss (×10^{−3})`, `time (ms)`.
    pub(crate) fn title_with_exponent(&self, exponent: i32) -> String {
        let mut unit = self.unit.clone();
        if exponent != 0 {
            let exponent = exponent.to_string().replace('-', "−");
            unit = format!("×10^{{{exponent}}}{}{unit}", if unit.is_empty() { "" } else { " " });
        }
        match (self.label.is_empty(), unit.is_empty()) {
            (_, true) => self.label.clone(),
            (true, false) => unit,
            (false, false) => format!("{} ({unit})", self.label),
        }
    }

    /// Range of finite low < high from the data's extent.
    pub(crate) fn resolved_range(&self, data: Extent) -> (f64, f64) {
        if let Some(names) = &self.categories {
            return (-0.5, names.len().max(1) as f64 - 0.5);
        }
        let mut extent = data;
        for &value in &self.include {
            if self.shows(value) {
                extent.add(value);
                extent.pin(value);
            }
        }
        let fixed = |end: Option<f64>| end.filter(|&value| self.shows(value));
        let (fixed_low, fixed_high) = (fixed(self.low), fixed(self.high));
        // Without data, a place near whichever end is given.
        let (low, high) = match (extent.range(), fixed_low, fixed_high) {
            (Some(range), _, _) => range,
            (None, Some(low), _) if self.log => (low, low * 10.0),
            (None, Some(low), _) => (low, low + 1.0),
            (None, None, Some(high)) if self.log => (high / 10.0, high),
            (None, None, Some(high)) => (high - 1.0, high),
            (None, None, None) if self.log => (1.0, 10.0),
            (None, None, None) => (0.0, 1.0),
        };
        let forward = |v: f64| if self.log { libm::log10(v) } else { v };
        let backward =
            |v: f64| if self.log { libm::pow(10_f64, v).clamp(1e-300, FARTHEST) } else { v };
        let (low, high) = (forward(fixed_low.unwrap_or(low)), forward(fixed_high.unwrap_or(high)));
        let span = high - low;
        let smallest = 1e-9 * low.abs().max(high.abs());
        let (low, high) = if span > smallest {
            let pad = 0.04 * span;
            let free =
                |end: Option<f64>, value: f64| end.is_none() && !extent.is_pinned(backward(value));
            (
                if free(fixed_low, low) { low - pad } else { low },
                if free(fixed_high, high) { high + pad } else { high },
            )
        } else if !self.log && low == 0.0 && high == 0.0 {
            // Rates and counts of a silent network are 0 and cannot be less.
            if fixed_high == Some(0.0) && fixed_low.is_none() { (-1.0, 0.0) } else { (0.0, 1.0) }
        } else {
            // All the same, or an inverted request: a range around it.
            let middle = (low + high) / 2.0;
            let pad = if self.log { 0.5 } else { 0.05 * middle.abs() };
            (middle - pad, middle + pad)
        };
        (backward(low), backward(high))
    }
}

/// Smallest and largest value seen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Extent {
    low: f64,
    high: f64,
    pinned: Vec<f64>,
}

impl Extent {
    pub fn empty() -> Self {
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY, pinned: Vec::new() }
    }
    pub fn add(&mut self, value: f64) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }
    /// An end at this value gets no margin: bars stand on it, an image ends there.
    pub fn pin(&mut self, value: f64) {
        self.pinned.push(value);
    }
    fn is_pinned(&self, value: f64) -> bool {
        self.pinned.iter().any(|p| (p - value).abs() <= 1e-12 * value.abs())
    }
    pub fn range(&self) -> Option<(f64, f64)> {
        (self.low <= self.high).then_some((self.low, self.high))
    }
}

/// Names for values that serve as categories.
pub(crate) fn value_names(values: &[f64]) -> Vec<String> {
    values.iter().map(|&value| short_label(rounded(value))).collect()
}

/// The value without the noise of arithmetic in its last digits (0.30000000000000004).
fn rounded(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}
