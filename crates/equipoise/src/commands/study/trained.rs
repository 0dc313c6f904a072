//! `equipoise study trained`: are trained classifiers balanced, and do the balanced ones learn better?

use super::Repeated;

/// Are trained classifiers balanced, and do the balanced ones learn better?
///
/// E:I classifiers with currents or conductances and several kinds of inhibition of their hidden neurons,
/// whose balance is measured. An interrupted study continues with the epoch it was at.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise study trained --preset quick
  equipoise study trained --dataset spikes:fsdd --out runs/trained
  equipoise study trained --preset smoke --set noise=[0]")]
pub struct Args {
    #[command(flatten)]
    pub(super) repeated: Repeated,
}
