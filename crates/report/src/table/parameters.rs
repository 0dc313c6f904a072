//! The table of a model's parameters.

use super::{Cell, Column, NumberFormat, Table};

/// One parameter of a model or a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, as in the configuration.
    pub name: String,
    /// Its symbol in equations, with `^{..}` and `_{..}`; or empty.
    pub symbol: String,
    /// Its unit; or empty.
    pub unit: String,
    /// Its value in this run.
    pub value: Cell,
    /// Its value unless set; [`Cell::Missing`] if it has none.
    pub default: Cell,
    /// What it is, in words.
    pub meaning: String,
}

/// The table of parameters that a report carries: name, symbol, value, unit, default, meaning.
///
/// ```
/// use equipoise_report::{Parameter, parameter_table};
/// let membrane = Parameter {
///     name: "tau_membrane".into(),
///     symbol: "τ_{m}".into(),
///     unit: "ms".into(),
///     value: 20.0.into(),
///     default: 10.0.into(),
///     meaning: "time constant of the membrane".into(),
/// };
/// let table = parameter_table("Parameters of the network", [membrane]);
/// assert_eq!(
///     table.to_csv(),
///     "name,symbol,value,unit,default,meaning\n\
///      tau_membrane,τ_{m},20,ms,10,time constant of the membrane\n"
/// );
/// ```
pub fn parameter_table(caption: &str, parameters: impl IntoIterator<Item = Parameter>) -> Table {
    let number = |name| Column::number(name).format(NumberFormat::Plain);
    let mut table = Table::new(caption)
        .column(Column::text("name"))
        .column(Column::text("symbol"))
        .column(number("value"))
        .column(Column::text("unit"))
        .column(number("default"))
        .column(Column::text("meaning"));
    for parameter in parameters {
        let Parameter { name, symbol, unit, value, default, meaning } = parameter;
        table.row([name.into(), symbol.into(), value, unit.into(), default, meaning.into()]);
    }
    table
}
