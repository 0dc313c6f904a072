//! `equipoise study dose`: how does the code go with balance?

use super::Repeated;

/// How does the code of a network go with how balanced it is?
///
/// Networks along lines of g, p, J_0 and N, at the same rate: how balanced they are, and what their
/// spikes tell at equal time and at equal numbers of spikes. An interrupted study continues with the
/// network it was at.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  equipoise study dose --preset quick
  equipoise study dose --dataset fashion-mnist --out runs/dose
  equipoise study dose --preset smoke --set shuffles=1")]
pub struct Args {
    #[command(flatten)]
    pub(super) repeated: Repeated,
}
