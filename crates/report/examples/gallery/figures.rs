//! One figure of every kind.

use equipoise_figure::{
    Axis, Color, ColorMap, Dash, Figure, GroupChart, Heatmap, Histogram, ImageGrid, Line, Marker,
    NetworkGraph, Panel, Picture, Plot, RegionMap, Rule, Scatter, Span, Spikes, Stack,
};

use crate::data::{Noise, colors, digit, range, spikes};

/// All figures with their file names.
pub fn all() -> Vec<(&'static str, Figure)> {
    vec![
        ("lines", lines()),
        ("rasters", rasters()),
        ("stack", stack()),
        ("distributions", distributions()),
        ("groups", groups()),
        ("maps", maps()),
        ("images", images()),
        ("color-images", color_images()),
        ("matrices", matrices()),
        ("networks", networks()),
        ("single", single()),
        ("hard-cases", hard_cases()),
    ]
}

fn training(noise: &mut Noise, floor: f64) -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>) {
    let epochs = range(1.0, 30.0, 30);
    let loss: Vec<f64> = epochs
        .iter()
        .map(|e| floor + 0.08 * libm::exp(-e / 4.0) + 0.0006 * noise.normal())
        .collect();
    let low = loss.iter().map(|l| l * 0.9).collect();
    let high = loss.iter().map(|l| l * 1.1).collect();
    (epochs, loss, low, high)
}

fn lines() -> Figure {
    let mut noise = Noise::new(1);
    let regimes =
        [("balanced", Color::BALANCED, 0.0105), ("unbalanced", Color::UNBALANCED, 0.0186)];
    let mut loss =
        Plot::new("Validation loss").x_axis(Axis::new("epoch")).y_axis(Axis::new("MSE").log());
    for (name, color, floor) in regimes {
        let (epochs, values, low, high) = training(&mut noise, floor);
        loss = loss.with(Line::new(&epochs, &values).band(&low, &high).label(name).color(color));
    }
    let eta = range(1.0, 4.0, 7);
    let mut linearity = Plot::new("Linearity")
        .x_axis(Axis::new("external drive ν_{ext} / ν_{thr}"))
        .y_axis(Axis::new("population rate").unit("Hz").include(0.0));
    for (name, color, gain, bend) in
        [("g = 5", Color::BALANCED, 28.0, 0.0), ("g = 3.5", Color::UNBALANCED, 40.0, 12.0)]
    {
        let rate: Vec<f64> =
            eta.iter().map(|e| gain * (e - 0.7) + bend * libm::sin(e * 2.0)).collect();
        let low: Vec<f64> = rate.iter().map(|r| r - 6.0).collect();
        let high: Vec<f64> = rate.iter().map(|r| r + 6.0).collect();
        linearity = linearity.with(
            Line::new(&eta, &rate)
                .errors(&low, &high)
                .marker(Marker::Circle)
                .label(name)
                .color(color),
        );
    }
    linearity = linearity.with(
        Line::new(&[1.0, 4.0], &[8.4, 92.4])
            .dash(Dash::Dashed)
            .color(Color::GREY)
            .width(0.8)
            .label("linear fit"),
    );
    let time = range(0.0, 700.0, 20_000);
    let input: Vec<f64> = time.iter().map(|t| t / 700.0).collect();
    let response: Vec<f64> =
        time.iter().map(|t| (t / 700.0 + 0.06 * noise.normal()).max(0.0)).collect();
    let tracking = Plot::new("Tracking of a ramp")
        .x_axis(Axis::new("time").unit("ms").range(0.0, 700.0))
        .y_axis(Axis::new("normalised rate"))
        .with(
            Line::new(&time, &response).color(Color::BALANCED).width(0.5).label("population rate"),
        )
        .with(Line::new(&time, &input).color(Color::BLACK).label("input").dash(Dash::Dashed));
    let sigma = [5e-4_f64, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2];
    let mut accuracy = Plot::new("Accuracy against initial weights")
        .x_axis(Axis::new("σ_{1}").log())
        .y_axis(Axis::new("peak test accuracy").unit("%").range(0.0, 100.0));
    let ratios: [(&str, Color, f64); 4] = [
        ("50:50", Color::SKY, 0.006),
        ("80:20", Color::GREEN, 0.012),
        ("95:5", Color::ORANGE, 0.02),
        ("100:0", Color::PURPLE, 0.2),
    ];
    for (name, color, limit) in ratios {
        let values: Vec<f64> = sigma
            .iter()
            .map(|s| 10.0 + 72.0 / (1.0 + (s / limit).powi(4)) + noise.normal())
            .collect();
        let low: Vec<f64> = values.iter().map(|v| v - 2.5).collect();
        let high: Vec<f64> = values.iter().map(|v| v + 2.5).collect();
        accuracy = accuracy.with(
            Line::new(&sigma, &values)
                .errors(&low, &high)
                .marker(Marker::Circle)
                .label(name)
                .color(color),
        );
    }
    accuracy = accuracy.with(Rule::horizontal(50.0).label("success"));
    Figure::new()
        .columns(2)
        .panel(loss)
        .panel(Panel::new(linearity).note("R^{2} = 0.9989"))
        .panel(tracking)
        .panel(accuracy)
}

fn raster(title: &str, seed: u64, rate: f64, locked: f64) -> Plot {
    let mut noise = Noise::new(seed);
    Plot::new(title)
        .x_axis(Axis::new("time").unit("ms").range(0.0, 500.0))
        .y_axis(Axis::new("neuron").range(-0.5, 99.5))
        .with(
            Spikes::new(spikes(&mut noise, 0..80, 500.0, rate, locked))
                .label("excitatory")
                .color(Color::EXCITATORY),
        )
        .with(
            Spikes::new(spikes(&mut noise, 80..100, 500.0, rate, locked))
                .label("inhibitory")
                .color(Color::INHIBITORY),
        )
}

fn rasters() -> Figure {
    Figure::new()
        .columns(2)
        .shared_legend()
        .panel(Panel::new(raster("Balanced, g = 5", 3, 38.0, 0.15)).note("38 Hz, CV 0.42"))
        .panel(Panel::new(raster("Unbalanced, g = 3.5", 4, 220.0, 0.8)).note("228 Hz, CV 0.11"))
        .panel_height(150.0)
}

fn stack() -> Figure {
    let mut noise = Noise::new(5);
    let time = range(0.0, 500.0, 2001);
    let mut wave = |offset: f64, scale: f64| -> Vec<f64> {
        let mut state = 0.0;
        time.iter()
            .map(|_| {
                state = 0.97 * state + noise.normal();
                offset + scale * state
            })
            .collect()
    };
    let excitation = wave(30.0, 1.2);
    let inhibition: Vec<f64> =
        excitation.iter().zip(wave(-1.0, 0.35)).map(|(e, n)| -e + n).collect();
    let net: Vec<f64> = excitation.iter().zip(&inhibition).map(|(e, i)| e + i).collect();
    let rate = wave(38.0, 3.0);
    let currents = Plot::new("")
        .y_axis(Axis::new("current").unit("mV"))
        .with(Span::new(200.0, 260.0).label("stimulus"))
        .with(Line::new(&time, &excitation).color(Color::EXCITATORY).width(0.8).label("E"))
        .with(Line::new(&time, &inhibition).color(Color::INHIBITORY).width(0.8).label("I"))
        .with(Line::new(&time, &net).color(Color::NET).width(0.8).label("net"));
    let population = Plot::new("")
        .y_axis(Axis::new("rate").unit("Hz").include(0.0))
        .with(Line::new(&time, &rate).color(Color::NET).width(0.8));
    let raster = raster("", 6, 38.0, 0.15);
    Figure::new().panel(
        Stack::new(
            "One second of a balanced network",
            Axis::new("time").unit("ms").range(0.0, 500.0),
        )
        .row(raster, 2.0)
        .row(population, 0.8)
        .row(currents, 1.3),
    )
}

fn distributions() -> Figure {
    let mut noise = Noise::new(7);
    let balanced = noise.sample(2000, 0.85, 0.18);
    let unbalanced = noise.sample(2000, 0.2, 0.08);
    let intervals: Vec<f64> =
        (0..5000).map(|_| 2.0 - 25.0 * libm::log(1.0 - noise.uniform())).collect();
    let cv = Plot::new("Irregularity")
        .x_axis(Axis::new("CV of inter-spike intervals"))
        .y_axis(Axis::new("density"))
        .with(
            Histogram::count(&balanced, 0.0, 1.6, 40)
                .density()
                .label("balanced")
                .color(Color::BALANCED),
        )
        .with(
            Histogram::count(&unbalanced, 0.0, 1.6, 40)
                .density()
                .label("unbalanced")
                .color(Color::UNBALANCED),
        )
        .with(Rule::vertical(1.0).label("Poisson"));
    let isi = Plot::new("Intervals")
        .x_axis(Axis::new("inter-spike interval").unit("ms"))
        .y_axis(Axis::new("count").log())
        .with(Histogram::count(&intervals, 0.0, 150.0, 50).color(Color::BALANCED));
    let x = noise.sample(3000, 0.0, 1.0);
    let y: Vec<f64> = x.iter().map(|x| -0.9 * x + 0.4 * noise.normal()).collect();
    let scatter = Plot::new("Excitation and inhibition cancel")
        .x_axis(Axis::new("excitation").unit("mV"))
        .y_axis(Axis::new("inhibition").unit("mV"))
        .with(Scatter::new(&x, &y).color(Color::BLUE));
    Figure::new().columns(3).panel(cv).panel(isi).panel(Panel::new(scatter).note("r = −0.91"))
}

fn groups() -> Figure {
    let mut noise = Noise::new(9);
    let mut seeds = |mean: f64| noise.sample(6, mean, 0.35);
    let psnr =
        GroupChart::bars("Reconstruction of the test set", ["MNIST", "Fashion-MNIST", "CIFAR-10"])
            .y_axis(Axis::new("PSNR").unit("dB"))
            .series("balanced", Color::BALANCED, vec![seeds(29.6), seeds(26.2), seeds(22.1)])
            .series("unbalanced", Color::UNBALANCED, vec![seeds(26.7), seeds(24.0), seeds(20.0)])
            .series("shuffled spikes", Color::GREY, vec![seeds(14.0), seeds(13.0), seeds(12.0)])
            .bracket((0, 0), (0, 1), "***")
            .bracket((1, 0), (1, 1), "**")
            .bracket((2, 0), (2, 1), "p = 0.03")
            .bracket((0, 2), (2, 2), "n.s.");
    let distance = GroupChart::boxes("Van Rossum distance", ["E–E", "E–I", "I–I"])
        .y_axis(Axis::new("distance"))
        .series(
            "before",
            Color::SKY,
            vec![
                noise.sample(40, 0.65, 0.1),
                noise.sample(40, 0.8, 0.1),
                noise.sample(40, 0.9, 0.15),
            ],
        )
        .series(
            "after",
            Color::ORANGE,
            vec![
                noise.sample(40, 1.1, 0.15),
                noise.sample(40, 1.5, 0.2),
                noise.sample(40, 1.4, 0.2),
            ],
        )
        .bracket((0, 0), (0, 1), "***");
    let noise_levels = GroupChart::points("Noisy updates", ["0.2", "0.4", "0.6"])
        .x_label("noise σ / σ_{init}")
        .y_axis(Axis::new("accuracy").unit("%"))
        .series(
            "80:20",
            Color::GREEN,
            vec![
                noise.sample(8, 67.5, 1.0),
                noise.sample(8, 55.0, 1.5),
                noise.sample(8, 46.0, 1.5),
            ],
        )
        .series(
            "100:0",
            Color::PURPLE,
            vec![
                noise.sample(8, 66.9, 1.0),
                noise.sample(8, 53.5, 1.5),
                noise.sample(8, 41.7, 1.5),
            ],
        )
        .bracket((2, 0), (2, 1), "p = 0.004");
    let gain =
        GroupChart::bars("Gain over 100:0", ["50:50", "70:30", "75:25", "80:20", "90:10", "95:5"])
            .x_label("ratio E:I")
            .y_axis(Axis::new("gain").unit("points"))
            .series_with_intervals(
                "",
                Color::BLUE,
                vec![
                    (-1.2, -2.0, -0.4),
                    (1.0, 0.3, 1.7),
                    (2.4, 1.5, 3.3),
                    (4.3, 3.3, 5.3),
                    (2.9, 2.0, 3.8),
                    (0.9, 0.1, 1.7),
                ],
                vec![],
            );
    Figure::new().columns(2).panel(psnr).panel(distance).panel(noise_levels).panel(gain)
}

fn maps() -> Figure {
    let g = range(3.0, 8.0, 11);
    let eta: Vec<f64> = range(0.5, 4.0, 8);
    let mut rates = Vec::new();
    let mut states = Vec::new();
    let mut notes = Vec::new();
    for (row, e) in eta.iter().enumerate() {
        for (column, g) in g.iter().enumerate() {
            let rate = 220.0 * e / (1.0 + (g - 3.0).powi(2));
            rates.push(if row == 0 && column > 8 { f64::NAN } else { rate });
            let state = if *g < 4.0 {
                0
            } else if *e < 1.0 {
                1
            } else if *g > 4.5 + 0.2 * e {
                3
            } else {
                2
            };
            states.push((row != 7 || column != 10).then_some(state));
            notes.push(format!("{:.2}", 1.0 / (1.0 + rate / 40.0)));
        }
    }
    let rate = Heatmap::new("Firing rate", &g, &eta, &rates)
        .x_label("g")
        .y_label("η")
        .color_axis(Axis::new("rate").unit("Hz").log());
    let regions = RegionMap::new("Regimes (CV of ISI in each cell)", &g, &eta)
        .x_label("g")
        .y_label("η")
        .region("regular, fast", Color::UNBALANCED)
        .region("slow oscillation", Color::SKY)
        .region("fast oscillation", Color::ORANGE)
        .region("balanced", Color::BALANCED)
        .cells(&states)
        .notes(notes);
    let mut noise = Noise::new(11);
    let classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let confusion: Vec<f64> = (0..100)
        .map(|i| {
            if i / 10 == i % 10 {
                90.0 + 8.0 * noise.uniform()
            } else {
                (1.5 * noise.uniform()).round()
            }
        })
        .collect();
    let confusion = Heatmap::with_names("Confusion", classes, classes, &confusion)
        .first_row_on_top()
        .square()
        .color_map(ColorMap::Blues)
        .x_label("predicted")
        .y_label("true")
        .annotate(0)
        .color_axis(Axis::new("share").unit("%"))
        .color_range(0.0, 100.0);
    let chance: Vec<f64> =
        (0..20).map(|i| (f64::from(i % 5) * f64::from(i / 5) / 12.0).min(1.0) * 70.5).collect();
    let chance = Heatmap::new(
        "Chance of convergence",
        &[0.0, 1.0, 2.0, 3.0, 4.0],
        &[1.0, 2.0, 3.0, 4.0],
        &chance,
    )
    .x_label("inhibitory hidden neurons")
    .y_label("inhibitory inputs")
    .annotate(1)
    .color_map(ColorMap::Blues)
    .color_axis(Axis::new("converged").unit("%"));
    Figure::new().columns(2).panel(rate).panel(regions).panel(confusion).panel(chance)
}

fn images() -> Figure {
    let mut noise = Noise::new(13);
    let mut row = |blur: f64, level: f64| -> Vec<(Picture, String)> {
        (0..8)
            .map(|kind| {
                let picture = Picture::grey(28, 28, &digit(kind, blur, &mut noise, level));
                let psnr = 30.0 - 20.0 * level - 3.0 * blur + noise.normal();
                let caption = if level == 0.0 {
                    String::new()
                } else {
                    format!("{psnr:.1} dB\n{:.3}", 0.99 - level * 0.5)
                };
                (picture, caption)
            })
            .collect()
    };
    let grid = ImageGrid::new("Test images and their reconstructions (PSNR, SSIM)")
        .headings(["best", "", "", "median", "", "", "", "worst"])
        .row("original", row(1.0, 0.0))
        .row("balanced (g = 5)", row(1.2, 0.02))
        .row("unbalanced (g = 3.5)", row(1.6, 0.08))
        .row("ridge regression from counts", row(3.0, 0.15));
    Figure::new().panel(grid)
}

fn color_images() -> Figure {
    let mut noise = Noise::new(15);
    let mut grid = |title: &str, level: f64| {
        let mut row = |level: f64| -> Vec<(Picture, String)> {
            (0..4)
                .map(|kind| {
                    let caption = if level > 0.0 {
                        format!("{:.1} dB", 24.0 - 20.0 * level)
                    } else {
                        String::new()
                    };
                    (Picture::rgb(32, 32, &colors(kind, &mut noise, level)), caption)
                })
                .collect()
        };
        let (original, decoded) = (row(0.0), row(level));
        ImageGrid::new(title).row("original", original).row("decoded", decoded)
    };
    Figure::new()
        .columns(2)
        .panel(grid("Opponent channels", 0.05))
        .panel(grid("Separate channels", 0.15))
}

fn matrices() -> Figure {
    let mut noise = Noise::new(17);
    let n = 30;
    let weights: Vec<f64> = (0..n * n)
        .map(|i| {
            let (row, column) = (i / n, i % n);
            let sign = if column < 22 { 1.0 } else { -1.0 };
            if row == column || noise.uniform() < 0.5 { 0.0 } else { sign * noise.uniform() }
        })
        .collect();
    let after: Vec<f64> = weights.iter().map(|w| w * (1.0 + 0.5 * noise.normal()).abs()).collect();
    let change: Vec<f64> = weights.iter().zip(&after).map(|(a, b)| b - a).collect();
    let matrix = |title: &str, values: &[f64]| {
        Heatmap::matrix(title, n, n, values)
            .x_label("from neuron")
            .y_label("to neuron")
            .color_axis(Axis::new("J"))
            .color_range(-1.5, 1.5)
    };
    Figure::new()
        .columns(3)
        .panel(matrix("Before", &weights))
        .panel(matrix("After", &after))
        .panel(matrix("Change", &change))
}

fn networks() -> Figure {
    let mut noise = Noise::new(19);
    let kinds = |count: usize, inhibitory: usize| -> Vec<(String, Color)> {
        (0..count)
            .map(|i| {
                (
                    (i + 1).to_string(),
                    if i < inhibitory { Color::INHIBITORY } else { Color::EXCITATORY },
                )
            })
            .collect()
    };
    let mut graph = NetworkGraph::new("One-to-one map, N = 4")
        .layer("input", kinds(4, 4))
        .layer("hidden", kinds(4, 3))
        .layer("output", kinds(4, 0));
    for layer in 0..2 {
        for from in 0..4 {
            for to in 0..4 {
                let inhibitory = layer == 0 || from < 3;
                graph = graph.edge(
                    (layer, from),
                    (layer + 1, to),
                    noise.uniform() * if inhibitory { -1.0 } else { 1.0 },
                );
            }
        }
    }
    let mut recurrent = NetworkGraph::new("Recurrent").layer("", kinds(8, 2));
    for (from, to) in [(0, 3), (3, 0), (1, 6), (2, 4), (7, 2), (5, 6), (4, 4)] {
        recurrent = recurrent.edge(
            (0, from),
            (0, to),
            if from < 2 { -0.5 - noise.uniform() } else { 0.3 + noise.uniform() },
        );
    }
    let epochs = range(0.0, 200.0, 201);
    let mut weights =
        Plot::new("Weights of input 1").x_axis(Axis::new("epoch")).y_axis(Axis::new("weight"));
    for (index, name) in ["to 1", "to 2", "to 3", "to 4"].iter().enumerate() {
        let target = if index == 2 { 0.0043 } else { -0.0052 };
        let values: Vec<f64> =
            epochs.iter().map(|e| target + (-0.05 - target) * libm::exp(-e / 30.0)).collect();
        weights = weights.with(Line::new(&epochs, &values).label(name));
    }
    Figure::new().columns(3).panel(graph).panel(Panel::new(recurrent).height(138.0)).panel(weights)
}

fn single() -> Figure {
    let n: Vec<f64> = (4..14).map(|k| f64::from(1 << k)).collect();
    let cost: Vec<f64> = n.iter().map(|n| 2e-7 * libm::pow(*n, 2.1)).collect();
    let plot = Plot::new("Cost of a step")
        .x_axis(Axis::new("neurons N").log())
        .y_axis(Axis::new("time").unit("s").log())
        .with(Line::new(&n, &cost).marker(Marker::Circle).label("measured").color(Color::BLUE))
        .with(
            Line::new(&[16.0, 8192.0], &[5e-5, 13.4])
                .dash(Dash::Dotted)
                .color(Color::GREY)
                .label("N^{2}"),
        );
    Figure::single(plot)
}

fn hard_cases() -> Figure {
    let nan = f64::NAN;
    let empty = Plot::new(
        "An empty plot with a title that is far too long for its panel and has to be wrapped",
    )
    .x_axis(Axis::new("x"))
    .y_axis(Axis::new("y").log());
    let gaps = Plot::new("Gaps and infinities").x_axis(Axis::new("x")).y_axis(Axis::new("y")).with(
        Line::new(
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
            &[1.0, 2.0, nan, 3.0, f64::INFINITY, 2.0, 1.5],
        )
        .band(&[0.5, 1.0, 1.0, 2.0, nan, 1.0, 1.0], &[2.0, 3.0, 3.0, 4.0, 4.0, 3.0, 2.0])
        .label("a"),
    );
    let constant = Plot::new("Constant")
        .x_axis(Axis::new("x"))
        .y_axis(Axis::new("y"))
        .with(Line::new(&[1.0, 2.0], &[0.3, 0.3]).marker(Marker::Ring));
    let point = Plot::new("One point")
        .x_axis(Axis::new("x").log())
        .y_axis(Axis::new("y").log())
        .with(Line::new(&[3.0], &[2e-9]));
    let huge = Plot::new("Enormous")
        .x_axis(Axis::new("x"))
        .y_axis(Axis::new("y").unit("Hz"))
        .with(Line::new(&[-1e300, 0.0, 1e300], &[-3e250, 0.0, 1e250]));
    let decades = Plot::new("Many decades")
        .x_axis(Axis::new("x").log())
        .y_axis(Axis::new("y").log())
        .with(Line::new(&[1e-100, 1.0, 1e90], &[1e-12, 1e-3, 1.0]));
    let names = GroupChart::bars(
        "Long names",
        [
            "separate channels",
            "opponent channels",
            "luminance plus colour",
            "controls: pixels",
            "mean",
        ],
    )
    .y_axis(Axis::new("loss"))
    .series(
        "",
        Color::BLUE,
        vec![vec![1.2e-5, 1.3e-5], vec![2e-5], vec![], vec![nan], vec![4.1e-5, 3.9e-5]],
    );
    let nothing = Heatmap::new("No values", &[1.0, 2.0], &[1.0, 2.0], &[nan; 4])
        .x_label("x")
        .color_axis(Axis::new("z"));
    let flat = Heatmap::new("All the same", &range(0.1, 3.0, 30), &range(0.0, 1.0, 2), &[0.7; 60])
        .x_label("x")
        .color_axis(Axis::new("z"));
    Figure::new()
        .columns(3)
        .panel(empty)
        .panel(gaps)
        .panel(constant)
        .panel(point)
        .panel(huge)
        .panel(decades)
        .panel(names)
        .panel(nothing)
        .panel(flat)
        .panel(Panel::new(ImageGrid::new("No pictures")))
        .panel(GroupChart::boxes("No groups", Vec::<String>::new()))
        .panel(NetworkGraph::new("No neurons"))
}
