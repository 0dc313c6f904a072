//! Run directories side by side: what differs in their configurations, their main numbers, and how
//! they stand; as text, as JSON and as a page.

mod address;
mod compare;
mod find;
mod list;
mod page;
#[cfg(test)]
mod tests;
mod thumbnail;

pub use compare::{Compared, Group};
pub use find::{FoundRun, FoundRuns, Unreadable, find_runs};
