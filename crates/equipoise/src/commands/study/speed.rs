//! `equipoise study speed`: how soon is an image read?

use super::Repeated;

/// How soon is an image read from networks that are more and less balanced?
///
/// Images come on, stay and are replaced; networks of the same rate, or under the same drive, are
/// read from the spikes since then, beside controls without recurrence. An interrupted study
/// continues with the network it was at.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise study speed --preset quick
  equipoise study speed --dataset fashion-mnist --out runs/speed
  equipoise study speed --preset smoke --set 'matchings=[\"rate\"]'")]
pub struct Args {
    #[command(flatten)]
    pub(super) repeated: Repeated,
}
