//! Small pictures that lead somewhere.

use base64::Engine as _;
use equipoise_figure::{Picture, escape_html};

use crate::markup::{plain_text, to_html};

/// A small picture with words below it, which leads somewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Card {
    pub picture: Picture,
    pub words: String,
    pub address: String,
}

impl Card {
    pub(super) fn html(&self) -> String {
        format!(
            "<li><a href=\"{}\"><img class=\"paper\" alt=\"First figure of {}\" \
             src=\"data:image/png;base64,{}\"/><span>{}</span></a></li>\n",
            escape_html(&self.address),
            escape_html(&plain_text(&self.words)),
            base64::engine::general_purpose::STANDARD.encode(self.picture.to_png()),
            to_html(&self.words)
        )
    }
}
