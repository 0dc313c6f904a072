//! Colours that people with colour blindness can tell apart, and maps from numbers to colours.

/// An sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

/// The named colours are the palette of Okabe & Ito (2008, "Color Universal Design").
impl Color {
    /// Black.
    pub const BLACK: Self = Self::rgb(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self::rgb(255, 255, 255);
    /// Orange.
    pub const ORANGE: Self = Self::rgb(230, 159, 0);
    /// Sky blue.
    pub const SKY: Self = Self::rgb(86, 180, 233);
    /// Bluish green.
    pub const GREEN: Self = Self::rgb(0, 158, 115);
    /// Yellow.
    pub const YELLOW: Self = Self::rgb(240, 228, 66);
    /// Blue.
    pub const BLUE: Self = Self::rgb(0, 114, 178);
    /// Vermillion.
    pub const VERMILLION: Self = Self::rgb(213, 94, 0);
    /// Reddish purple.
    pub const PURPLE: Self = Self::rgb(204, 121, 167);
    /// Grey, for references and controls.
    pub const GREY: Self = Self::rgb(128, 128, 128);
    /// Light grey, for what is in the background.
    pub const LIGHT: Self = Self::rgb(221, 221, 221);
    /// Axes and words.
    pub(crate) const INK: Self = Self::rgb(30, 30, 30);

    /// Excitatory neurons, synapses and currents, in every figure.
    pub const EXCITATORY: Self = Self::VERMILLION;
    /// Inhibitory neurons, synapses and currents, in every figure.
    pub const INHIBITORY: Self = Self::BLUE;
    /// Net currents and whole populations.
    pub const NET: Self = Self::INK;
    /// The balanced regime.
    pub const BALANCED: Self = Self::GREEN;
    /// The (first) unbalanced regime.
    pub const UNBALANCED: Self = Self::PURPLE;
    /// The second unbalanced regime.
    pub const UNBALANCED_2: Self = Self::ORANGE;

    /// A colour from its parts.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// The colour of series number `index` where nothing else gives one.
    pub fn cycle(index: usize) -> Self {
        const ORDER: [Color; 8] = [
            Color::GREEN,
            Color::PURPLE,
            Color::ORANGE,
            Color::SKY,
            Color::BLUE,
            Color::VERMILLION,
            Color::BLACK,
            Color::GREY,
        ];
        ORDER[index % ORDER.len()]
    }

    /// The colour moved towards `other` by a share in [0, 1].
    #[must_use]
    pub fn mix(self, other: Self, share: f64) -> Self {
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        let mix =
            |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        Self::rgb(
            mix(self.red, other.red),
            mix(self.green, other.green),
            mix(self.blue, other.blue),
        )
    }

    /// `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }

    /// Whether words on this colour have to be white (relative luminance of WCAG 2 below 0.25).
    pub(crate) fn is_dark(self) -> bool {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue) < 0.25
    }
}

/// A map from numbers to colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ColorMap {
    /// Dark blue over green to yellow, even in lightness (viridis by Smith & van der Walt).
    #[default]
    Viridis,
    /// White to dark blue, for shares and counts.
    Blues,
    /// Blue over white to red, for signed values: inhibition is blue, excitation red.
    Diverging,
    /// Black to white.
    Grey,
}

impl ColorMap {
    /// The colour at `position` in [0, 1]; positions outside take the ends.
    pub fn at(self, position: f64) -> Color {
        const VIRIDIS: [Color; 11] = [
            Color::rgb(68, 1, 84),
            Color::rgb(72, 36, 117),
            Color::rgb(65, 68, 135),
            Color::rgb(53, 95, 141),
            Color::rgb(42, 120, 142),
            Color::rgb(33, 145, 140),
            Color::rgb(34, 168, 132),
            Color::rgb(68, 191, 112),
            Color::rgb(122, 209, 81),
            Color::rgb(189, 223, 38),
            Color::rgb(253, 231, 37),
        ];
        const BLUES: [Color; 5] = [
            Color::rgb(247, 251, 255),
            Color::rgb(198, 219, 239),
            Color::rgb(107, 174, 214),
            Color::rgb(33, 113, 181),
            Color::rgb(8, 48, 107),
        ];
        const DIVERGING: [Color; 7] = [
            Color::rgb(0, 72, 128),
            Color::rgb(40, 130, 190),
            Color::rgb(150, 198, 224),
            Color::rgb(247, 247, 247),
            Color::rgb(246, 178, 132),
            Color::rgb(222, 105, 40),
            Color::rgb(150, 55, 0),
        ];
        const GREY: [Color; 2] = [Color::BLACK, Color::WHITE];
        let stops: &[Color] = match self {
            Self::Viridis => &VIRIDIS,
            Self::Blues => &BLUES,
            Self::Diverging => &DIVERGING,
            Self::Grey => &GREY,
        };
        let position = if position.is_nan() { 0.0 } else { position.clamp(0.0, 1.0) };
        let place = position * (stops.len() - 1) as f64;
        let index = (place.floor() as usize).min(stops.len() - 2);
        stops[index].mix(stops[index + 1], place - index as f64)
    }
}
