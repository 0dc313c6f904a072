//! equipoise
fn main() {}
