//! The strip at the top of a report: what was done, step by step, in small pictures and words.

use std::fmt::Write as _;

use base64::Engine as _;
use equipoise_figure::{Figure, Picture, escape_html};

use crate::markup::{plain_text, to_html};

/// One step of what was done: a title, a line of words, and a small picture or none.
///
/// ```
/// use equipoise_figure::Picture;
/// use equipoise_report::{Report, Step};
/// let image = Picture::grey(2, 2, &[0.0, 0.4, 0.7, 1.0]);
/// let mut report = Report::new("Reconstruction");
/// report.strip([
///     Step::new("Image", "28 × 28 pixels").picture(&image),
///     Step::new("Spikes", "1,000 neurons, 100 ms"),
///     Step::new("Reconstruction", "U-Net, 22.1 dB").picture(&image),
/// ]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    title: String,
    text: String,
    /// HTML.
    picture: String,
}

impl Step {
    /// A step without a picture.
    pub fn new(title: &str, text: &str) -> Self {
        Self { title: title.to_string(), text: text.to_string(), picture: String::new() }
    }

    /// Shows an image, its pixels as squares.
    #[must_use]
    pub fn picture(mut self, picture: &Picture) -> Self {
        self.picture = format!(
            "<img class=\"pixels\" alt=\"{}\" src=\"data:image/png;base64,{}\"/>",
            escape_html(&plain_text(&self.title)),
            base64::engine::general_purpose::STANDARD.encode(picture.to_png())
        );
        self
    }

    /// Shows a small figure, best one without words, 120 points wide.
    #[must_use]
    pub fn figure(mut self, figure: &Figure) -> Self {
        let label = escape_html(&plain_text(&self.title));
        let labelled = format!("<svg class=\"paper\" aria-label=\"{label}\"");
        self.picture = figure.to_svg().replacen("<svg", &labelled, 1);
        self
    }

    /// The words of the step.
    pub(super) fn words(&self) -> String {
        format!("{}\n{}\n", self.title, self.text)
    }
}

/// The steps as a list that reads from left to right, or from top to bottom on a small screen.
pub(super) fn strip_html(steps: &[Step]) -> String {
    let mut html = String::from("<ol class=\"strip\">\n");
    for step in steps {
        html.push_str("<li>");
        if !step.picture.is_empty() {
            let _ = write!(html, "<div class=\"small\">{}</div>", step.picture);
        }
        let (title, text) = (to_html(&step.title), to_html(&step.text));
        let _ = write!(html, "<div><strong>{title}</strong>");
        if !text.is_empty() {
            let _ = write!(html, "<span>{text}</span>");
        }
        html.push_str("</div></li>\n");
    }
    html + "</ol>\n"
}
