//! The report around the figures.

use std::collections::BTreeMap;

use equipoise_figure::{Axis, Color, Figure, Panel, Picture, Plot, Spikes};
use equipoise_report::{
    Best, Cell, Column, NumberFormat, Parameter, Report, Step, Table, parameter_table,
};

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

fn steps() -> [Step; 3] {
    let pixel = |i: usize, noise: f32| {
        let (x, y) = ((i % 16) as f32 - 7.5, (i / 16) as f32 - 7.5);
        let ring = (1.0 - ((x * x + y * y).sqrt() - 5.0).abs() / 2.0).max(0.0);
        ring + noise * ((i * 7919 % 101) as f32 / 101.0 - 0.5)
    };
    let picture = |noise: f32| {
        let values: Vec<f32> = (0..256).map(|i| pixel(i, noise)).collect();
        Picture::grey(16, 16, &values)
    };
    let spikes = (0..130u32).map(|i| (f64::from(i * i * 37 % 1009) / 10.09, i as usize * 61 % 40));
    let raster = Plot::new("")
        .x_axis(Axis::new("").range(0.0, 100.0).ticks([] as [(f64, &str); 0]))
        .y_axis(Axis::new("").range(-1.0, 40.0).ticks([] as [(f64, &str); 0]))
        .with(Spikes::new(spikes).color(Color::EXCITATORY));
    let raster = Figure::new().width(120.0).panel(Panel::new(raster).height(80.0));
    [
        Step::new("Image", "16 × 16 pixels, a rate for each").picture(&picture(0.0)),
        Step::new("Spikes", "1,000 neurons, 100 ms").figure(&raster),
        Step::new("Reconstruction", "U-Net, 29.65 dB").picture(&picture(0.3)),
    ]
}

fn parameters() -> Table {
    let rows: [(&str, &str, &str, Cell, Cell, &str); 5] = [
        (
            "neurons",
            "N",
            "",
            1000.into(),
            1000.into(),
            "neurons of the network, 4/5 of them excitatory",
        ),
        ("g", "g", "", 5.0.into(), 4.5.into(), "how much stronger inhibitory synapses are"),
        ("tau_membrane", "τ_{m}", "ms", 20.0.into(), 20.0.into(), "time constant of the membrane"),
        (
            "weight",
            "J_{E}",
            "mV",
            0.2.into(),
            0.1.into(),
            "jump of the membrane potential by an excitatory spike",
        ),
        ("input", "", "", "rate code".into(), "rate code".into(), "how a pixel drives its neurons"),
    ];
    let parameter =
        |(name, symbol, unit, value, default, meaning): (&str, &str, &str, _, _, &str)| {
            let (name, symbol, unit) = (name.to_string(), symbol.to_string(), unit.to_string());
            Parameter { name, symbol, unit, value, default, meaning: meaning.to_string() }
        };
    parameter_table("Parameters of the network.", rows.map(parameter))
}

fn many_columns() -> Table {
    let mut table =
        Table::new("More columns than a page is wide, and more rows than one wants to read.")
            .column(Column::text("decoder"))
            .column(Column::text("regime"))
            .column(Column::text("compared with"))
            .column(Column::text("measure"))
            .column(Column::integer("pairs"))
            .column(Column::number("difference"))
            .column(Column::number("95 % interval, low"))
            .column(Column::number("95 % interval, high"))
            .column(Column::p_value("p"))
            .column(Column::p_value("corrected p"))
            .column(Column::p_value("Wilcoxon p"))
            .column(Column::number("Cohen's d").decimals(2))
            .column(Column::number("never measured"));
    for i in 0..12 {
        let d = f64::from(i) * 0.31 - 1.4;
        table.row([
            ["U-Net", "VAE", "ridge regression"][i as usize % 3].into(),
            "balanced".into(),
            format!("unbalanced, σ_{{{}}}", i % 4).into(),
            ["PSNR (dB)", "SSIM", "MSE"][i as usize / 4].into(),
            100.into(),
            d.into(),
            Cell::interval(d - 0.2, d - 0.3, d - 0.1),
            Cell::interval(d + 0.2, d + 0.1, d + 0.3),
            (0.2 / f64::from(i + 1)).into(),
            (0.4 / f64::from(i + 1)).into(),
            (0.3 / f64::from(i + 1)).into(),
            d.into(),
            Cell::Missing,
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
        .strip(steps())
        .found("The balanced network is ahead by 0.92 dB (95 % interval 0.85 to 0.99, Holm-corrected p < 0.001).")
        .found("It spends 46 % more spikes on it.")
        .tile("PSNR, balanced", "29.65", "dB", "95 % interval 29.58 to 29.72")
        .tile("SSIM, balanced", "0.9835", "", "unbalanced 0.9822")
        .tile("Rate", "37.8", "Hz", "CV of ISI 0.42")
        .tile("Weights", "1.2×10^{6}", "", "30 epochs")
        .heading("Numbers")
        .remark("Preset quick: 1,000 images and 2 seeds. The full study has 10,000 images and 8 seeds.")
        .table("quality", &quality())
        .table("tests", &many_columns())
        .table("parameters", &parameters())
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
