//! The report around the figures.

use std::collections::BTreeMap;

use equipoise_report::{Best, Cell, Column, NumberFormat, Report, Table};

use crate::figures;

/// Something to stand in `config.toml`.
pub fn config() -> BTreeMap<&'static str, BTreeMap<&'static str, f64>> {
    BTreeMap::from([
        ("encoder", BTreeMap::from([("g", 5.0), ("neurons", 1000.0), ("duration_ms", 100.0)])),
        ("decoder", BTreeMap::from([("epochs", 30.0), ("learning_rate", 0.001)])),
    ])
}

fn quality() -> Table {
    let mut table = Table::new("Reconstruction of the whole test set (10,000 images), mean with 95 % interval.")
        .column(Column::text("encoder"))
        .column(Column::text("decoder"))
        .column(Column::number("PSNR").unit("dB").decimals(2).best(Best::Highest))
        .column(Column::number("SSIM").decimals(4).best(Best::Highest))
        .column(Column::number("MSE").format(NumberFormat::Scientific(2)).best(Best::Lowest))
        .column(Column::p_value("p"))
        .column(Column::integer("parameters"))
        .note("Intervals: bootstrap over images, 10,000 resamples. p: paired t-test against balanced, Holm-corrected. All numbers are made up.");
    let interval = |value: f64, half: f64| Cell::interval(value, value - half, value + half);
    for (encoder, decoder, psnr, ssim, mse) in [
        ("balanced, g = 5", "U-Net", interval(29.65, 0.07), 0.9835, 0.0105),
        ("unbalanced, g = 3.5", "U-Net", interval(28.73, 0.08), 0.9822, 0.0186),
        ("balanced, g = 5", "VAE", interval(21.02, 0.07), 0.8856, 0.0364),
        ("balanced, g = 5", "ridge", interval(17.4, 0.04), 0.61, 0.0182),
        ("none", "mean image", interval(11.2, 0.01), 0.12, 0.076),
    ] {
        let p = (!table.is_empty()).then_some(0.000_02 * f64::from(1 << (2 * table.len())));
        table.row([
            encoder.into(),
            decoder.into(),
            psnr,
            ssim.into(),
            mse.into(),
            p.into(),
            1_234_567.into(),
        ]);
    }
    table
}

/// The report.
pub fn report() -> Report {
    let mut report = Report::new("Gallery of figures and tables");
    report
        .subtitle("What a report can hold; every number here is made up")
        .summary(
            "This report shows each kind of panel once, with data that look like those of real runs, and a panel \
             for each case that usually goes wrong: nothing to show, gaps, one value, enormous ranges.",
        )
        .tile("PSNR, balanced", "29.65", "dB", "95 % interval 29.58 to 29.72")
        .tile("SSIM, balanced", "0.9835", "", "unbalanced 0.9822")
        .tile("Rate", "37.8", "Hz", "CV of ISI 0.42")
        .tile("Weights", "1.2×10^{6}", "", "30 epochs")
        .heading("Numbers")
        .remark("Preset quick: 1,000 images and 2 seeds. The full study has 10,000 images and 8 seeds.")
        .table("quality", &quality())
        .paragraph("A paragraph between a table and the figures.\n\nAnd another one, with a power: 10^{−3} s.")
        .list(["Same images for both regimes.", "Same seeds.", "Same training."]);
    let sections: [(&str, &[(&str, &str)]); 4] = [
        (
            "Curves and spikes",
            &[
                (
                    "lines",
                    "Lines with bands, error bars and reference lines. (a) Validation loss; bands: range over 6 seeds. (b) Rate against drive. (c) Response to a ramp. (d) Accuracy against σ_{1} for four ratios.",
                ),
                ("rasters", "Spikes of 100 neurons in two regimes, one legend for both panels."),
                ("stack", "Raster, population rate and currents of one neuron on one time axis."),
                ("distributions", "Histograms on linear and logarithmic axes, and a scatter plot."),
                ("single", "One panel as wide as a journal's column."),
            ],
        ),
        (
            "Groups",
            &[(
                "groups",
                "Bars with one dot a seed, boxes, points; brackets give corrected p-values (*** p < 0.001).",
            )],
        ),
        (
            "Maps, matrices and networks",
            &[
                (
                    "maps",
                    "Heat maps, a map of named regions, a confusion matrix. Grey cells have no value.",
                ),
                ("matrices", "Signed weights on one colour scale."),
                ("networks", "Small networks; line width is the strength of the connection."),
            ],
        ),
        (
            "Images",
            &[
                ("images", "Reconstructions of eight test images."),
                ("color-images", "Colour images, two grids beside each other."),
            ],
        ),
    ];
    let all = figures::all();
    let add = |report: &mut Report, name: &str, caption: &str| {
        if let Some((_, figure)) = all.iter().find(|(known, _)| *known == name) {
            report.figure(name, figure, caption);
        }
    };
    for (section, members) in sections {
        report.heading(section);
        for (name, caption) in members {
            add(&mut report, name, caption);
        }
    }
    report.heading("Cases that usually go wrong").subheading("Nothing to show, gaps, extremes");
    add(&mut report, "hard-cases", "None of these panels fails.");
    report.heading("Details");
    report
}
